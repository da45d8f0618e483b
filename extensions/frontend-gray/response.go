package main

import (
	"strings"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm"
	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"

	"github.com/wasmplane/wasmplane/extensions/internal/body"
	"github.com/wasmplane/wasmplane/extensions/internal/httpheader"
	"github.com/wasmplane/wasmplane/pkg/log"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

const (
	pageKey      = "page"
	neverStore   = "no-cache, no-store, max-age=0, must-revalidate"
	htmlType     = "text/html"
	replyDetails = "frontend-gray.html"
)

func onResponseHeaders(ctx wrapper.HttpContext, config Config) types.Action {
	v, ok := ctx.GetContext(visitKey).(*visit)
	action := types.ActionContinue
	switch {
	case !ok:
	case v.index && !config.allResponses:
		warn("set cache-control", proxywasm.ReplaceHttpResponseHeader("cache-control", neverStore))
	case v.page || config.allResponses:
		action = config.respond(ctx, v)
	}
	if ctx.GetContext(pageKey) == nil {
		ctx.DontReadResponseBody()
	}
	return action
}

// response is the response at hand.
type response struct {
	headers  [][2]string
	status   string
	isHTML   bool
	obstacle body.Obstacle // to editing its body
}

func readResponse(ctx wrapper.HttpContext) (r response, ok bool) {
	headers, err := proxywasm.GetHttpResponseHeaders()
	if err != nil {
		log.Error("get response headers failed: " + err.Error())
		return r, false
	}
	r = response{headers: headers, status: httpheader.First(headers, ":status")}
	r.isHTML = strings.Contains(strings.ToLower(httpheader.First(headers, "content-type")), htmlType)
	r.obstacle = body.OfResponse(ctx.Method(), headers, ctx.HasResponseBody())
	switch { // where the SDK calls no body handler
	case !r.streams():
	case ctx.IsWebsocket():
		r.obstacle = body.Upgrade
	case ctx.IsBinaryResponseBody():
		r.obstacle = body.Encoded
	}
	return r, true
}

// respond edits the headers and decides about the body.
func (c *Config) respond(ctx wrapper.HttpContext, v *visit) types.Action {
	r, ok := readResponse(ctx)
	if !ok {
		return types.ActionContinue
	}
	replaces := v.page && c.replaces(&r)
	if c.rewrite.host != "" {
		r.remove("content-disposition")
	}
	if r.isHTML || replaces {
		r.remove("content-length")
	}
	if r.status != "200" && !replaces {
		log.Error("the status is " + r.status + ", so the response stays as it is")
		return types.ActionContinue
	}
	setCookies := c.cookies.of(v, c.visitorKey, c.backendTags)
	if replaces && ctx.Method() != "HEAD" && !r.streams() {
		return c.reply(v, &r, setCookies)
	}
	if replaces {
		r.becomePage()
	}
	warn("set cache-control", proxywasm.ReplaceHttpResponseHeader("cache-control", neverStore))
	for _, cookie := range setCookies {
		warn("add set-cookie", proxywasm.AddHttpResponseHeader("set-cookie", cookie))
	}
	if p := c.page(v, &r, replaces); p != nil {
		if httpheader.Has(r.headers, "trailer") {
			ctx.BufferResponseBody() // hosts take nothing more for a body once its trailers are there
		}
		body.ResponseEdited()
		ctx.SetContext(pageKey, p)
	}
	return types.ActionContinue
}

// replaces tells whether the configured page takes the place of this one. A 404 gives way whatever it holds.
func (c *Config) replaces(r *response) bool {
	if c.html == "" {
		return false
	}
	switch r.obstacle {
	case body.NoTransform, body.Upgrade:
		return false
	case body.Encoded, body.Binary, body.EventStream:
		return r.status == "404"
	}
	return r.status == "404" || r.status == "200"
}

// streams tells whether there is a body that the body handler is called for.
func (r *response) streams() bool { return r.obstacle == "" || r.obstacle == body.Charset }

// becomePage makes the headers those of the configured page.
func (r *response) becomePage() {
	if r.status != "200" {
		warn("set :status", proxywasm.ReplaceHttpResponseHeader(":status", "200"))
	}
	if r.status != "200" || !r.isHTML || r.obstacle == body.Charset {
		warn("set content-type", proxywasm.ReplaceHttpResponseHeader("content-type", htmlType))
	}
	r.remove("content-encoding")
}

// page returns what edits the body, nil if it stays.
func (c *Config) page(v *visit, r *response, replaces bool) *page {
	switch {
	case !v.page || !r.streams():
		return nil
	case replaces:
		return &page{replaces: true, whole: c.replacement(v)}
	case r.isHTML && r.obstacle == "":
		return newPage(&c.injection, v.global, v.version, c.injection.any)
	}
	return nil
}

// replacement is the configured page for a visit.
func (c *Config) replacement(v *visit) []byte {
	breaks := c.injection.any || strings.Contains(c.html, placeholder)
	return newPage(&c.injection, v.global, v.version, breaks).next([]byte(c.html), true)
}

// reply sends the configured page where no body comes whose place it could take.
func (c *Config) reply(v *visit, r *response, setCookies []string) types.Action {
	var headers [][2]string
	for _, h := range r.headers {
		if !describesBody(h[0]) {
			headers = append(headers, h)
		}
	}
	headers = append(headers, [2]string{"content-type", htmlType}, [2]string{"cache-control", neverStore})
	for _, cookie := range setCookies {
		headers = append(headers, [2]string{"set-cookie", cookie})
	}
	err := proxywasm.SendHttpResponseWithDetail(200, replyDetails, headers, c.replacement(v), -1)
	if err != nil {
		log.Error("sending the page failed: " + err.Error())
		return types.ActionContinue
	}
	return types.ActionPause
}

// describesBody tells whether a response header is about a body that is not sent, or is set anew.
func describesBody(name string) bool {
	switch name {
	case "content-type", "content-encoding", "content-length", "content-range", "accept-ranges", "transfer-encoding", "trailer",
		"content-digest", "repr-digest", "digest", "content-md5", "etag", "last-modified", "cache-control", "content-disposition":
		return true
	}
	return strings.HasPrefix(name, ":")
}

func onResponseChunk(ctx wrapper.HttpContext, _ Config, chunk []byte, last bool) []byte {
	if p, ok := ctx.GetContext(pageKey).(*page); ok {
		return p.next(chunk, last)
	}
	return chunk
}

func onWholeResponse(ctx wrapper.HttpContext, _ Config, data []byte) types.Action {
	if p, ok := ctx.GetContext(pageKey).(*page); ok {
		warn("replace the page", proxywasm.ReplaceHttpResponseBody(p.next(data, true)))
	}
	return types.ActionContinue
}

func (r *response) remove(name string) {
	if httpheader.Has(r.headers, name) {
		warn("remove "+name, proxywasm.RemoveHttpResponseHeader(name))
	}
}
