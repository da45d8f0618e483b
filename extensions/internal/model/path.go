package model

import (
	"strings"

	"github.com/tidwall/gjson"
)

// Suffixes are ends of request paths.
type Suffixes []string

// DefaultSuffixes are those of the usual operations that name a model.
var DefaultSuffixes = Suffixes{"/completions", "/embeddings", "/images/generations", "/audio/speech", "/fine_tuning/jobs",
	"/moderations", "/image-synthesis", "/video-synthesis", "/rerank", "/messages", "/responses"}

// SuffixesOf reads a list as it is configured; items that are no strings count as their text.
func SuffixesOf(list gjson.Result) Suffixes {
	suffixes := Suffixes{}
	for _, item := range list.Array() {
		suffixes = append(suffixes, item.String())
	}
	return suffixes
}

// Fit tells whether a request's path, without its query, ends in one of the suffixes. The empty suffix fits every path.
func (s Suffixes) Fit(path string) bool {
	path, _, _ = strings.Cut(path, "?")
	for _, suffix := range s {
		if strings.HasSuffix(path, suffix) {
			return true
		}
	}
	return false
}
