package cases

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/wasmplane/wasmplane/gateway/cases/expr"
)

// definitions are the ways to make a value, by the name of the object's only member.
var definitions map[string]func(*scope, any) (any, error)

func init() {
	definitions = map[string]func(*scope, any) (any, error){
		"jwt":       (*scope).token,
		"json":      (*scope).jsonValue,
		"multipart": (*scope).multipart,
	}
}

// decodeTree reads a tree into a struct whose texts may hold expressions still. Unknown fields are errors.
func decodeTree(tree, into any) error {
	data, err := json.Marshal(tree)
	if err != nil {
		return err
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return errors.New(strings.TrimPrefix(err.Error(), "json: "))
	}
	return nil
}

// tree expands what stands inside a definition.
func (s *scope) tree(tree any, typed bool) (any, error) {
	x := expander{scope: s, bytes: true}
	expanded := x.expand(tree, "", typed)
	if x.unknown != nil {
		return nil, &unknownError{*x.unknown}
	}
	return expanded, errors.Join(x.problems...)
}

func (s *scope) jsonValue(tree any) (any, error) {
	expanded, err := s.tree(tree, true)
	if err != nil {
		return nil, err
	}
	return jsonText(expanded)
}

// jsonText writes a tree as JSON. Bytes that are no text have no place there.
func jsonText(tree any) (string, error) {
	if !allText(tree) {
		return "", errors.New("holds bytes that are no text (UTF-8): use base64, base64url or hex")
	}
	text, err := marshal(tree)
	return string(text), err
}

func allText(tree any) bool {
	switch v := tree.(type) {
	case string:
		return utf8.ValidString(v)
	case []any:
		return !slices.ContainsFunc(v, func(item any) bool { return !allText(item) })
	case map[string]any:
		for _, item := range v {
			if !allText(item) {
				return false
			}
		}
	}
	return true
}

// token makes a JSON Web Token.
func (s *scope) token(tree any) (any, error) {
	var d struct {
		Key     any            `json:"key"`
		Alg     string         `json:"alg"`
		Header  map[string]any `json:"header"`
		Claims  map[string]any `json:"claims"`
		Payload *string        `json:"payload"`
	}
	expanded, err := s.tree(tree, true)
	if err != nil {
		return nil, err
	}
	if err := decodeTree(expanded, &d); err != nil {
		return nil, err
	}
	object := expanded.(map[string]any) // whose texts may be any bytes
	t := expr.Token{Algorithm: d.Alg, Header: d.Header}
	if t.Key, err = s.signer(object["key"]); err != nil {
		return nil, fmt.Errorf("key: %w", err)
	}
	payload, hasPayload := object["payload"].(string)
	if hasPayload && d.Claims != nil {
		return nil, errors.New("only one of claims and payload can be set")
	}
	if !hasPayload {
		claims := object["claims"]
		if claims == nil {
			claims = map[string]any{}
		}
		if payload, err = jsonText(claims); err != nil {
			return nil, fmt.Errorf("claims: %w", err)
		}
	}
	t.Payload = []byte(payload)
	return t.Encode()
}

// signer is the key of a token: one of the file by its name, one defined in place, or none.
func (s *scope) signer(tree any) (*expr.Key, error) {
	switch key := tree.(type) {
	case nil:
		return nil, nil
	case string:
		value, err := s.Lookup(key)
		if err != nil {
			return nil, err
		}
		if k, ok := value.(*expr.Key); ok {
			return k, nil
		}
		return nil, fmt.Errorf("%s is no key", key)
	}
	var d expr.KeyDefinition
	if err := decodeTree(tree, &d); err != nil {
		return nil, err
	}
	if object, ok := tree.(map[string]any); ok {
		d.Secret, _ = object["secret"].(string) // which may be any bytes
	}
	return expr.NewKey("in place", d)
}

// multipart makes a multipart body (RFC 2046 section 5.1) byte by byte: header lines in the order given, CRLF between.
func (s *scope) multipart(tree any) (any, error) {
	var d struct {
		Boundary string `json:"boundary"`
		Parts    []struct {
			Headers []string `json:"headers"`
			Body    string   `json:"body"`
		} `json:"parts"`
	}
	expanded, err := s.tree(tree, false)
	if err != nil {
		return nil, err
	}
	if err := decodeTree(expanded, &d); err != nil {
		return nil, err
	}
	if d.Boundary == "" {
		return nil, errors.New("boundary: must not be empty")
	}
	parts, _ := expanded.(map[string]any)["parts"].([]any)
	var out strings.Builder
	for i, part := range d.Parts {
		out.WriteString("--" + d.Boundary + "\r\n")
		for _, line := range part.Headers {
			out.WriteString(line + "\r\n")
		}
		body, _ := parts[i].(map[string]any)["body"].(string) // which may be any bytes
		out.WriteString("\r\n" + body + "\r\n")
	}
	return out.String() + "--" + d.Boundary + "--\r\n", nil
}

func integer(tree any) (int64, bool) {
	n, ok := tree.(json.Number)
	if !ok {
		return 0, false
	}
	i, err := n.Int64()
	return i, err == nil
}

// marshal writes JSON without escaping <, > and &.
func marshal(v any) ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(v)
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), err
}
