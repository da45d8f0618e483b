package main

import (
	"strings"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm"

	"github.com/wasmplane/wasmplane/extensions/internal/cookie"
	"github.com/wasmplane/wasmplane/extensions/internal/httpheader"
	"github.com/wasmplane/wasmplane/extensions/internal/query"
)

// prepare makes the changes to an accepted request: the token is taken out where the consumer says so, and claims are
// copied.
func (r *request) prepare(d *decision) error {
	if !d.consumer.keepToken {
		if err := r.hide(d); err != nil {
			return err
		}
	}
	for i := range d.consumer.copies {
		if err := d.consumer.copies[i].apply(d.token.Claims); err != nil {
			return err
		}
	}
	return nil
}

// hide removes the accepted token from each of the consumer's places at which it stands. Other tokens stay.
func (r *request) hide(d *decision) error {
	params, cookies := map[string]bool{}, map[string]bool{}
	for _, f := range d.consumer.places.find(r, nil) {
		switch {
		case f.text != d.token.Text():
		case f.header != "":
			if err := proxywasm.RemoveHttpRequestHeader(f.header); err != nil {
				return err
			}
		case f.param != "":
			params[f.param] = true
		default:
			cookies[f.cookie] = true
		}
	}
	if len(params) > 0 {
		path := query.Without(httpheader.First(r.headers, ":path"), func(name string) bool { return params[name] })
		if err := proxywasm.ReplaceHttpRequestHeader(":path", path); err != nil {
			return err
		}
	}
	if len(cookies) == 0 {
		return nil
	}
	rest := r.withoutCookies(cookies)
	if rest == "" {
		return proxywasm.RemoveHttpRequestHeader("cookie")
	}
	return proxywasm.ReplaceHttpRequestHeader("cookie", rest)
}

// withoutCookies returns the request's cookies but those of the given names, in one line. The others keep their bytes.
func (r *request) withoutCookies(names map[string]bool) string {
	var kept []string
	for pair := range cookie.Pairs(r.headers) {
		if name, _, _ := cookie.Cut(pair); !names[name] {
			kept = append(kept, pair)
		}
	}
	return strings.Join(kept, "; ")
}
