package main

import (
	"encoding/base64"

	"github.com/tidwall/gjson"

	"github.com/wasmplane/wasmplane/extensions/internal/query"
	"github.com/wasmplane/wasmplane/pkg/log"
)

// input is the document that the agent judges: {"input":{"request":{…}}}. It has a body only if there is one.
func input(headers [][2]string, body []byte) []byte {
	size := 256 + base64.StdEncoding.EncodedLen(len(body))
	for i := range headers {
		size += len(headers[i][0]) + len(headers[i][1]) + 8
	}
	out := append(make([]byte, 0, size), `{"input":{"request":{"headers":[`...)
	var method, scheme, path string
	for i := range headers {
		name, value := headers[i][0], headers[i][1]
		switch name {
		case ":method":
			method = value
		case ":scheme":
			scheme = value
		case ":path":
			path = value
		}
		if i > 0 {
			out = append(out, ',')
		}
		out = append(gjson.AppendJSONString(append(out, '['), name), ',')
		out = append(gjson.AppendJSONString(out, value), ']')
	}
	out = appendMember(append(out, ']'), "method", method)
	out = appendMember(out, "scheme", scheme)
	out = appendMember(out, "path", path)
	out = appendQuery(append(out, `,"query":`...), path)
	if len(body) > 0 {
		out = append(out, `,"body":"`...)
		out = append(base64.StdEncoding.AppendEncode(out, body), '"')
	}
	return append(out, "}}}"...)
}

func appendMember(out []byte, name, value string) []byte {
	out = append(append(append(out, ',', '"'), name...), '"', ':')
	return gjson.AppendJSONString(out, value)
}

// appendQuery writes an object of names and lists of values, both decoded as forms are. What cannot be decoded stays as it
// is: a policy must see that it is there.
func appendQuery(out []byte, path string) []byte {
	text, _ := query.Of(path)
	var names []string
	values := map[string][]string{}
	for pair := range query.Pairs(text) {
		if pair.Name == "" && !pair.HasValue {
			continue
		}
		name := decoded(pair.Name)
		if _, known := values[name]; !known {
			names = append(names, name)
		}
		values[name] = append(values[name], decoded(pair.Value))
	}
	out = append(out, '{')
	for i, name := range names {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(gjson.AppendJSONString(out, name), ':', '[')
		for j, value := range values[name] {
			if j > 0 {
				out = append(out, ',')
			}
			out = gjson.AppendJSONString(out, value)
		}
		out = append(out, ']')
	}
	return append(out, '}')
}

func decoded(text string) string {
	if form, ok := query.Form(text); ok {
		return form
	}
	return query.Lenient(text)
}

// verdict reads the agent's answer: {"result":true} or {"result":false}. details is why it is neither, with what the
// client is told. Of a member that is repeated the last counts.
func verdict(answer []byte) (allowed bool, details, reason string) {
	if !gjson.ValidBytes(answer) {
		return false, "opa.bad_response_body", "opa parse rsp fail not JSON"
	}
	document := gjson.ParseBytes(answer)
	if !document.IsObject() {
		return false, "opa.bad_response_body", "opa parse rsp fail not a JSON object"
	}
	var result gjson.Result
	document.ForEach(func(name, value gjson.Result) bool {
		if name.Str == "result" {
			result = value
		}
		return true
	})
	if !result.IsBool() {
		log.Error("the agent's answer has no boolean result: is the policy there, and does it define allow?")
		return false, "opa.conversion_fail", "rsp type conversion fail"
	}
	return result.Type == gjson.True, "", ""
}
