package convert

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/wasmplane/wasmplane/gateway/fetch"
	"github.com/wasmplane/wasmplane/gateway/manifest"
	"github.com/wasmplane/wasmplane/gateway/resource"
	"github.com/wasmplane/wasmplane/gateway/validate"
)

var sha256Form = regexp.MustCompile(`^[0-9a-f]{64}$`)

// checkURL refuses options for the module that cannot be right, and those that would give several plugins the same module.
func checkURL(docs []*resource.Document, options Options, report *manifest.Problems) {
	fail := func(format string, args ...any) {
		*report = append(*report, manifest.Problem{Message: fmt.Sprintf(format, args...)})
	}
	if options.SHA256 != "" && options.URL == "" {
		fail("--sha256: is the digest of what --url names, and there is no --url")
	}
	if options.SHA256 != "" && !sha256Form.MatchString(options.SHA256) {
		fail("--sha256: must be 64 hexadecimal digits in lower case")
		return
	}
	if options.URL == "" {
		return
	}
	if err := fetch.Check(fetch.Source{URL: options.URL, SHA256: options.SHA256}); err != nil {
		fail("--url: %v", err)
	}
	if len(docs) > 1 {
		fail("--url: names one module, and there are several plugins")
	}
}

// replaceURL puts --url in force. The former digest is that of the former module.
func (s *source) replaceURL(options Options) {
	if options.URL == "" {
		return
	}
	named := func(url string) string {
		if p := validate.Recognize(options.Plugins, []string{url}, "", "").Plugin; p != nil {
			return p.Name
		}
		return ""
	}
	if own, other := named(s.spec.URL), named(options.URL); own != "" && other != "" && own != other {
		s.refuse("spec.url", "--url names another plugin, %s: a configuration for %s does not suit it", other, own)
	}
	if s.SHA256 != "" && options.SHA256 == "" && options.URL != s.URL {
		s.note("spec.sha256", "left out: it is the digest of %s, not of what --url names; --sha256 gives that", fetch.Redacted(s.URL))
		s.SHA256 = ""
	}
	s.URL = options.URL
	if options.SHA256 != "" {
		s.SHA256 = options.SHA256
	}
}

// digestAlone reports whether a URL is an image by digest alone: then no tag tells which build it is.
func digestAlone(url string) bool {
	reference, digest, pinned := strings.Cut(strings.TrimPrefix(url, "oci://"), "@")
	return pinned && digest != "" && fetch.Scheme(url) == "oci" && !strings.Contains(reference[strings.LastIndexByte(reference, '/')+1:], ":")
}
