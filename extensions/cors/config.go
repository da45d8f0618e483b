package main

import (
	"strconv"
	"strings"

	"github.com/wasmplane/wasmplane/extensions/internal/field"
	"github.com/wasmplane/wasmplane/extensions/internal/independent"
	"github.com/wasmplane/wasmplane/pkg/log"
)

const (
	anything      = "*"
	defaultMaxAge = 86400 // s
	everyMethod   = "GET, PUT, POST, DELETE, PATCH, OPTIONS, HEAD, TRACE, CONNECT"
)

var (
	defaultMethods = []string{"GET", "PUT", "POST", "DELETE", "PATCH", "OPTIONS"}
	defaultHeaders = []string{"DNT", "X-CustomHeader", "Keep-Alive", "User-Agent", "X-Requested-With",
		"If-Modified-Since", "Cache-Control", "Content-Type", "Authorization"}
)

// Config is the global configuration, or that of a rule: nothing is inherited.
type Config struct {
	independent.Global

	origins     origins
	methods     choice
	headers     choice // in lower case
	allowed     string // Access-Control-Allow-Methods
	named       string // Access-Control-Allow-Headers; not used where any header is allowed
	exposed     string // Access-Control-Expose-Headers, "" for none
	credentials bool
	maxAge      string // Access-Control-Max-Age, s
	cached      string // Cache-Control of answers to preflights, "" for none
}

// choice is a set of names, or any name.
type choice struct {
	any   bool
	names map[string]bool
}

func (c *choice) has(name string) bool { return c.any || c.names[name] }

// parseConfig reads a configuration. Lists, and max_age, are read as leniently as ever: what they hold beyond texts
// allows nothing.
func parseConfig(o field.Object, config *Config) error {
	credentials, _, err := o.Bool("allow_credentials")
	if err != nil {
		return err
	}
	origins, anyOrigin := texts(o, "allow_origins")
	patterns, anyPattern := texts(o, "allow_origin_patterns")
	if len(origins) == 0 && len(patterns) == 0 && !credentials {
		anyOrigin = true
	}
	if anyOrigin && credentials {
		log.Warn("can't set allowCredentials to true when allowOrigin is *")
		credentials = false
	}
	config.credentials = credentials
	config.origins = newOrigins(origins, patterns, anyOrigin || anyPattern)
	config.parseMethods(o)
	config.parseHeaders(o)
	exposed, _ := texts(o, "expose_headers")
	config.exposed = strings.Join(exposed, ",")
	config.maxAge = strconv.Itoa(defaultMaxAge)
	if age := o.Get("max_age").Int(); age > 0 {
		config.maxAge = strconv.FormatInt(age, 10)
	}
	seconds, _, err := o.Int("preflight_cache", 0, 31_536_000)
	if err != nil {
		return err
	}
	if seconds > 0 {
		config.cached = "public, max-age=" + strconv.FormatInt(seconds, 10)
	}
	return nil
}

func (c *Config) parseMethods(o field.Object) {
	methods, all := texts(o, "allow_methods")
	if len(methods) == 0 {
		methods = defaultMethods
	}
	c.methods = choice{any: all, names: map[string]bool{}}
	for _, method := range methods {
		c.methods.names[strings.ToUpper(method)] = true
	}
	c.allowed = strings.ToUpper(strings.Join(methods, ","))
	if all {
		c.allowed = everyMethod
	}
}

func (c *Config) parseHeaders(o field.Object) {
	headers, all := texts(o, "allow_headers")
	if len(headers) == 0 {
		headers = defaultHeaders
	}
	c.headers = choice{any: all, names: map[string]bool{}}
	for _, header := range headers {
		c.headers.names[strings.ToLower(header)] = true
	}
	c.named = strings.Join(headers, ",")
}

// texts reads a list of texts, or a single one, trimmed and without the empty ones. With `*` the list is any, and the
// entries before it are dropped.
func texts(o field.Object, key string) (list []string, all bool) {
	for _, item := range o.Get(key).Array() {
		text := strings.TrimSpace(item.String())
		if text == anything {
			list, all = nil, true
		}
		if text != "" {
			list = append(list, text)
		}
	}
	return list, all
}
