package cases

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/wasmplane/wasmplane/gateway/header"
)

// verdict collects failures below a field.
type verdict struct {
	failures []Failure
}

func (v *verdict) fail(field, expected, actual string) {
	v.failures = append(v.failures, Failure{Field: field, Expected: expected, Actual: actual})
}

// describes reports whether the header lines are as expected. A single text is compared with all values joined by ",".
func (w Header) describes(h *header.Map) bool {
	got := h.Values(w.Name)
	if len(got) == 0 {
		return false
	}
	if !w.Exact {
		return w.Values[0].Matches(strings.Join(got, ","))
	}
	return slices.EqualFunc(w.Values, got, func(want Text, value string) bool { return want.Matches(value) })
}

func (v *verdict) headers(field string, want Headers, h *header.Map) {
	for _, entry := range mergeLines(want.List) {
		if entry.describes(h) {
			continue
		}
		v.fail(field+"["+entry.Name+"]", entry.text(), linesText(h.Values(entry.Name)))
	}
}

// mergeLines makes one expectation of the repeated names of a list of lines.
func mergeLines(list []Header) []Header {
	var out []Header
	for _, entry := range list {
		i := slices.IndexFunc(out, func(h Header) bool { return h.Name == entry.Name })
		if i < 0 {
			out = append(out, entry)
			continue
		}
		out[i].Exact = true
		out[i].Values = append(slices.Clip(out[i].Values), entry.Values...)
	}
	return out
}

func (w Header) text() string {
	var values []string
	for _, value := range w.Values {
		values = append(values, value.Value)
	}
	if w.Exact {
		return fmt.Sprintf("%d lines: %q", len(values), values)
	}
	return quote(values[0])
}

func linesText(values []string) string {
	switch len(values) {
	case 0:
		return "absent"
	case 1:
		return quote(values[0])
	}
	return fmt.Sprintf("%d lines: %q", len(values), values)
}

func (v *verdict) absent(field string, names []string, h *header.Map) {
	for _, name := range names {
		if values := h.Values(name); len(values) > 0 {
			v.fail(field+"["+strings.ToLower(name)+"]", "absent", linesText(values))
		}
	}
}

func (v *verdict) text(field string, want *Text, got string) {
	if want != nil && !want.Matches(got) {
		v.fail(field, quote(want.Value), quote(got))
	}
}

// body compares a body. generated are the sizes of the generated bodies that were sent on this way.
func (v *verdict) body(field string, want *BodyCheck, got *content, generated ...int64) {
	text := string(got.kept)
	switch {
	case want.Body != nil:
		v.exact(field+".body", []byte(*want.Body), got)
	case want.BodyBase64 != nil:
		v.exact(field+".bodyBase64", want.content, got)
	case want.BodyFile != "":
		v.exact(field+".bodyFile", want.content, got)
	}
	for _, part := range want.BodyContains {
		if !strings.Contains(text, part) {
			v.fail(field+".bodyContains", quote(part), excerpt(got))
		}
	}
	for _, part := range want.BodyAbsent {
		if strings.Contains(text, part) {
			v.fail(field+".bodyAbsent", "a body without "+quote(part), excerpt(got))
		}
	}
	if want.BodyMatches != "" && !regexp.MustCompile(want.BodyMatches).MatchString(text) {
		v.fail(field+".bodyMatches", "a match of "+want.BodyMatches, excerpt(got))
	}
	if want.BodyJSON != nil {
		v.json(field+".bodyJSON", *want.BodyJSON, got)
	}
	if want.BodySize == nil {
		return
	}
	switch {
	case got.size != *want.BodySize:
		v.fail(field+".bodySize", strconv.FormatInt(*want.BodySize, 10), strconv.FormatInt(got.size, 10))
	case slices.Contains(generated, got.size) && got.digest() != generatedDigest(got.size):
		v.fail(field+".bodySize", "the bytes that were sent", "as many, but others")
	}
}

func (v *verdict) exact(field string, want []byte, got *content) {
	if int64(len(want)) == got.size && bytes.Equal(want[:min(len(want), keptContent)], got.kept) {
		return
	}
	f := Failure{Field: field, Expected: bytesText(want), Actual: excerpt(got)}
	if diff := lineDiff(string(want), string(got.kept)); diff != "" {
		f = Failure{Field: field, Diff: diff}
	}
	v.failures = append(v.failures, f)
}

func (v *verdict) json(field string, want any, got *content) {
	value, err := parseJSON(got.kept)
	if err != nil {
		v.fail(field, compact(want), fmt.Sprintf("no JSON (%v): %s", err, excerpt(got)))
		return
	}
	for _, m := range jsonPart("", want, value) {
		at := field
		if m.path != "" {
			at += "." + m.path
		}
		v.fail(at, m.expected, m.actual)
	}
}

// shownBytes is how much of a body a failure shows.
const shownBytes = 1000

func excerpt(c *content) string {
	text := bytesText(c.kept)
	if c.size > int64(len(c.kept)) {
		text += fmt.Sprintf(" … (%d bytes)", c.size)
	}
	return text
}

func bytesText(b []byte) string {
	rest := ""
	if len(b) > shownBytes {
		rest = fmt.Sprintf(" … (%d bytes)", len(b))
		b = b[:shownBytes]
	}
	if !utf8.Valid(b) && rest == "" {
		return "bytes " + hex.EncodeToString(b)
	}
	return quote(string(b)) + rest
}

func quote(s string) string { return strconv.Quote(s) }
