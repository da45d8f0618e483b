package main

import (
	"slices"
	"strings"

	"github.com/tidwall/gjson"
)

const placeholder = "{version}"

// prefixes are plain path prefixes with a value each, the longest first.
type prefixes []prefixEntry

type prefixEntry struct{ prefix, value string }

func parsePrefixes(json gjson.Result) prefixes {
	var list prefixes
	json.ForEach(func(key, value gjson.Result) bool {
		list = append(list, prefixEntry{key.String(), line(value)})
		return true
	})
	slices.SortStableFunc(list, func(a, b prefixEntry) int {
		if len(a.prefix) != len(b.prefix) {
			return len(b.prefix) - len(a.prefix)
		}
		return strings.Compare(a.prefix, b.prefix)
	})
	return list
}

// find returns the value of the longest prefix of a decoded path.
func (p prefixes) find(decoded string) (value string, ok bool) {
	for _, e := range p {
		if strings.HasPrefix(decoded, e.prefix) {
			return e.value, true
		}
	}
	return "", false
}

// rewrite is what becomes of a request's host and path.
type rewrite struct {
	host        string   // "": stays
	index, file prefixes // of pages, of everything else
}

func parseRewrite(json gjson.Result) rewrite {
	return rewrite{
		host:  line(json.Get("host")),
		index: parseTargets(json.Get("indexRouting")),
		file:  parseTargets(json.Get("fileRouting")),
	}
}

// parseTargets reads prefixes with paths; a path begins with a slash whether the configuration says so or not.
func parseTargets(json gjson.Result) prefixes {
	list := parsePrefixes(json)
	for i, e := range list {
		if !strings.HasPrefix(e.value, "/") {
			list[i].value = "/" + e.value
		}
	}
	return list
}

// any tells whether there is something to rewrite, so that the route must stay the one that was chosen.
func (r *rewrite) any() bool { return r.host != "" || len(r.index) > 0 || len(r.file) > 0 }

// path returns the new path with its query; ok is false if the path stays as it was.
func (r *rewrite) path(t *target, page bool, version string) (path string, ok bool) {
	if page {
		path, ok = r.index.find(t.decoded)
		path = strings.ReplaceAll(path, placeholder, version)
	} else {
		path, ok = r.filePath(t, version)
	}
	if !ok || path == t.encoded {
		return "", false
	}
	return withRest(path, t.rest), true
}

func (r *rewrite) filePath(t *target, version string) (string, bool) {
	for _, e := range r.file {
		rest, ok := cutPrefix(t.encoded, e.prefix)
		if !ok {
			continue
		}
		folder, own, _ := strings.Cut(strings.Replace(e.value, placeholder, version, 1), "?")
		path := clean(folder + "/" + rest)
		if own != "" {
			path += "?" + own
		}
		return path, true
	}
	return "", false
}
