package main

import (
	"strconv"
	"strings"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm"
	"github.com/tidwall/gjson"
	"github.com/tidwall/pretty"

	"github.com/wasmplane/wasmplane/extensions/internal/field"
	"github.com/wasmplane/wasmplane/extensions/internal/httpheader"
	"github.com/wasmplane/wasmplane/extensions/internal/jwt"
	"github.com/wasmplane/wasmplane/pkg/log"
)

// claimCopy is a top-level claim that is copied to a request header.
type claimCopy struct {
	claim, header string // header in lower case
	override      bool
}

func parseClaimCopies(o field.Object) ([]claimCopy, error) {
	objects, _, err := o.Objects("claims_to_headers")
	if err != nil {
		return nil, err
	}
	var copies []claimCopy
	headers := map[string]bool{}
	for _, object := range objects {
		c := claimCopy{}
		if c.claim, err = object.Required("claim"); err != nil {
			return nil, err
		}
		if c.header, err = httpheader.RequiredName(object, "header"); err != nil {
			return nil, err
		}
		if headers[c.header] {
			return nil, object.FieldError("header", "must not be there twice")
		}
		headers[c.header] = true
		override, set, err := object.Bool("override")
		if err != nil {
			return nil, err
		}
		c.override = override || !set
		copies = append(copies, c)
	}
	return copies, nil
}

// apply copies the claim. With override, a claim that the token does not have removes the client's header.
func (c *claimCopy) apply(claims jwt.Object) error {
	value := claimText(claims.Get(c.claim))
	if !httpheader.IsValue(value) {
		log.Warn("claim \"" + c.claim + "\" is left out: no header can hold it")
		value = ""
	}
	switch {
	case value != "" && c.override:
		return proxywasm.ReplaceHttpRequestHeader(c.header, value)
	case value != "":
		return proxywasm.AddHttpRequestHeader(c.header, value)
	case c.override:
		return proxywasm.RemoveHttpRequestHeader(c.header)
	}
	return nil
}

// claimText writes a claim as a header's value: strings as they are, numbers in decimal digits, arrays and objects as
// compact JSON; "" for null.
func claimText(v gjson.Result) string {
	switch v.Type {
	case gjson.Null:
		return ""
	case gjson.Number:
		if !strings.ContainsAny(v.Raw, ".eE") {
			return v.Raw
		}
		return strconv.FormatFloat(v.Num, 'f', -1, 64)
	case gjson.JSON:
		return string(pretty.Ugly([]byte(v.Raw)))
	}
	return v.String()
}
