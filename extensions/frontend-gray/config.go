package main

import (
	"io"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/wasmplane/wasmplane/extensions/internal/field"
	"github.com/wasmplane/wasmplane/pkg/log"
)

// Config is the global configuration, or that of a rule; a rule inherits nothing.
type Config struct {
	identity
	deployments
	rewrite
	cookies
	injection
	allResponses   bool // useManifestAsEntry
	index, skipped globs
	skippedHeaders []header
	html           string // replaces pages; "": does not
	served         served // nil if nothing is counted
}

// header is a name in lower case and a value.
type header struct{ name, value string }

// parser returns the reader of configurations whose visitors' ids come from random, which never fails. The older fields
// take anything, as they always have.
func parser(random io.Reader) func(gjson.Result, *Config) error {
	return func(json gjson.Result, config *Config) error {
		o := field.Of(json)
		rules, err := parseRules(o)
		if err != nil {
			return err
		}
		if config.deployments, err = parseDeployments(o, rules); err != nil {
			return err
		}
		if config.injection, err = parseInjection(json, rules); err != nil {
			return err
		}
		if config.cookies, err = parseCookies(o); err != nil {
			return err
		}
		metrics, _, err := o.Bool("metrics")
		if err != nil {
			return err
		}
		if metrics {
			config.served = served{}
		}
		config.identity = parseIdentity(json, config.byWeight, random)
		config.rewrite = parseRewrite(json.Get("rewrite"))
		config.allResponses = json.Get("useManifestAsEntry").Bool()
		config.html = json.Get("html").String()
		config.index = parseGlobs(json, "indexPaths", "includePathPrefixes")
		config.skipped = parseGlobs(json, "skippedPaths", "skippedPathPrefixes")
		json.Get("skippedByHeaders").ForEach(func(key, value gjson.Result) bool {
			config.skippedHeaders = append(config.skippedHeaders, header{strings.ToLower(key.String()), value.String()})
			return true
		})
		return nil
	}
}

// parseGlobs reads patterns, or, where there are some, the path prefixes that older configurations have instead.
func parseGlobs(json gjson.Result, name, older string) globs {
	patterns := texts(json.Get(name))
	if prefixes := texts(json.Get(older)); len(prefixes) > 0 {
		patterns = patterns[:0]
		for _, prefix := range prefixes {
			patterns = append(patterns, prefix+"/**")
		}
	}
	var list globs
	for _, pattern := range patterns {
		g, ok := parseGlob(pattern)
		if !ok {
			log.Warn(name + ": the pattern " + pattern + " is malformed and matches nothing")
			continue
		}
		list = append(list, g)
	}
	return list
}

// line reads a text that goes into headers: without control characters.
func line(json gjson.Result) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, json.String())
}
