package main

import (
	"encoding/base64"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/tidwall/gjson"

	"github.com/wasmplane/wasmplane/extensions/internal/httpcache"
)

// What Redis holds beside plain bodies begins with one of these. A body that begins so is never stored as it is.
const (
	recordMark = "\x01rc1 "
	indexMark  = "\x01rc1-vary "
)

// record is a stored response.
type record struct {
	httpcache.Entry
	body []byte
}

// encode writes a record as a line of JSON and the body. All of it is text, for some ways to Redis carry nothing else: a
// body that is none is in base64. ok is false if a header is no text.
func (r *record) encode() (text []byte, ok bool) {
	plain := utf8.Valid(r.body)
	size := len(r.body)
	if !plain {
		size = base64.StdEncoding.EncodedLen(size)
	}
	text = make([]byte, 0, len(recordMark)+1024+size)
	text = append(text, recordMark...)
	text = append(text, `{"status":`...)
	text = strconv.AppendInt(text, int64(r.Status), 10)
	text = append(text, `,"requested":`...)
	text = strconv.AppendInt(text, r.Requested, 10)
	text = append(text, `,"received":`...)
	text = strconv.AppendInt(text, r.Received, 10)
	text = append(text, `,"base64":`...)
	text = strconv.AppendBool(text, !plain)
	text, okHeaders := appendLines(append(text, `,"headers":`...), r.Headers)
	text, okSelecting := appendLines(append(text, `,"selecting":`...), r.Selecting)
	text = append(text, "}\n"...)
	if plain {
		return append(text, r.body...), okHeaders && okSelecting
	}
	return base64.StdEncoding.AppendEncode(text, r.body), okHeaders && okSelecting
}

func appendLines(text []byte, lines httpcache.Headers) ([]byte, bool) {
	text = append(text, '[')
	for i, line := range lines {
		if !utf8.ValidString(line[0]) || !utf8.ValidString(line[1]) {
			return text, false
		}
		if i > 0 {
			text = append(text, ',')
		}
		text = append(text, '[')
		text = gjson.AppendJSONString(text, line[0])
		text = append(text, ',')
		text = gjson.AppendJSONString(text, line[1])
		text = append(text, ']')
	}
	return append(text, ']'), true
}

// decodeRecord reads what encode has written; false for anything else.
func decodeRecord(text string) (*record, bool) {
	rest, ok := strings.CutPrefix(text, recordMark)
	if !ok {
		return nil, false
	}
	line, content, ok := strings.Cut(rest, "\n")
	if !ok || !gjson.Valid(line) {
		return nil, false
	}
	json := gjson.Parse(line)
	r := &record{Entry: httpcache.Entry{
		Status:    int(json.Get("status").Int()),
		Requested: json.Get("requested").Int(),
		Received:  json.Get("received").Int(),
	}}
	var okHeaders, okSelecting bool
	r.Headers, okHeaders = linesOf(json.Get("headers"))
	r.Selecting, okSelecting = linesOf(json.Get("selecting"))
	if r.Status < 200 || r.Status > 599 || !okHeaders || !okSelecting {
		return nil, false
	}
	if !json.Get("base64").Bool() {
		r.body = []byte(content)
		return r, true
	}
	body, err := base64.StdEncoding.DecodeString(content)
	r.body = body
	return r, err == nil
}

func linesOf(list gjson.Result) (lines httpcache.Headers, ok bool) {
	ok = list.IsArray()
	list.ForEach(func(_, line gjson.Result) bool {
		pair := line.Array()
		ok = ok && len(pair) == 2 && pair[0].Type == gjson.String && pair[1].Type == gjson.String
		if ok {
			lines = append(lines, [2]string{pair[0].Str, pair[1].Str})
		}
		return ok
	})
	return lines, ok
}

// index is what a URI's key holds whose responses depend on request headers.
type index struct {
	generation string
	names      []string
}

func (i *index) encode() string { return indexMark + i.generation + " " + strings.Join(i.names, ",") }

func decodeIndex(text string) (*index, bool) {
	rest, ok := strings.CutPrefix(text, indexMark)
	if !ok {
		return nil, false
	}
	generation, names, ok := strings.Cut(rest, " ")
	if !ok || names == "" {
		return nil, false
	}
	return &index{generation, strings.Split(names, ",")}, true
}
