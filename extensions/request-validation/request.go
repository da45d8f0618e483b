package main

import (
	"errors"
	"strings"
	"unsafe"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"

	"github.com/wasmplane/wasmplane/extensions/internal/refusal"
	"github.com/wasmplane/wasmplane/extensions/request-validation/schema"
	"github.com/wasmplane/wasmplane/pkg/log"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

const (
	invalidHeaders = "request-validation.invalid_headers"
	invalidBody    = "request-validation.invalid_body"
)

var (
	errNoHeaders  = errors.New("the headers cannot be read")
	errNoBody     = errors.New("there is no body")
	errUnreadable = errors.New("the body cannot be read: it is encoded, gRPC, or in another charset")
)

func onRequestHeaders(ctx wrapper.HttpContext, config Config) types.Action {
	if config.header == nil && config.body == nil {
		ctx.DontReadRequestBody()
		return types.HeaderContinue
	}
	headers := wrapper.RequestHeaders(ctx)
	if headers == nil {
		return refuseHeaders(&config, errNoHeaders)
	}
	if config.header != nil {
		if err := config.header.CheckRecord(schema.NewRecord(headers)); err != nil {
			return refuseHeaders(&config, err)
		}
	}
	if config.body == nil {
		ctx.DontReadRequestBody()
		return types.HeaderContinue
	}
	return expectBody(ctx, &config, headers)
}

// expectBody holds the headers until the body is there, unless the headers tell what comes of the request.
func expectBody(ctx wrapper.HttpContext, config *Config, headers [][2]string) types.Action {
	h := describe(headers)
	websocket := ctx.IsWebsocket()
	switch {
	case h.method == "CONNECT", websocket && h.method == "GET" && !h.declared: // what follows is no body
		ctx.DontReadRequestBody()
		return types.HeaderContinue
	case !ctx.HasRequestBody() && h.needsBody():
		return refuseBody(config, errNoBody)
	case !ctx.HasRequestBody():
		return types.HeaderContinue
	case config.skipUnreadable && (h.unreadable || h.binary):
		ctx.DontReadRequestBody()
		return types.HeaderContinue
	case h.unreadable, websocket: // the body of a handshake has no end, but a backend may read it
		return refuseBody(config, errUnreadable)
	}
	return types.HeaderStopIteration
}

// onRequestBody validates a body that was held back as a whole.
func onRequestBody(ctx wrapper.HttpContext, config Config, body []byte) types.Action {
	if len(body) == 0 {
		if needsBody(ctx.Method()) {
			return refuseBody(&config, errNoBody)
		}
		return types.ActionContinue
	}
	if err := validate(config.body, body); err != nil {
		refuseBody(&config, err)
		return types.DataStopIterationNoBuffer
	}
	return types.ActionContinue
}

// validate reads a body that is not empty, and that nobody writes to.
func validate(s *schema.Schema, body []byte) error {
	document, err := schema.Parse(unsafe.String(&body[0], len(body)))
	if err != nil {
		return err
	}
	return s.Check(document)
}

// needsBody tells whether requests of a method have a body.
func needsBody(method string) bool { return method == "POST" || method == "PUT" || method == "PATCH" }

func refuseHeaders(config *Config, reason error) types.Action {
	log.Error("validate request headers failed: " + reason.Error())
	return refusal.Send(config.status, invalidHeaders, nil, config.message)
}

// refuseBody returns what a handler of headers must return.
func refuseBody(config *Config, reason error) types.Action {
	log.Error("validate request body failed: " + reason.Error())
	return refusal.Send(config.status, invalidBody, nil, config.message)
}

// description is what headers say about a body.
type description struct {
	method     string
	declared   bool // that there is one
	unreadable bool // its bytes are not the JSON that the backend will see
	binary     bool // the content type says that it can be anything
}

func describe(headers [][2]string) (d description) {
	for i := range headers {
		value := headers[i][1]
		switch headers[i][0] {
		case ":method":
			d.method = value
		case "content-length":
			d.declared = d.declared || value != "0"
		case "transfer-encoding":
			d.declared = true
		case "content-encoding":
			d.unreadable = d.unreadable || encodes(value)
		case "content-type":
			value = strings.ToLower(value)
			d.unreadable = d.unreadable || strings.Contains(value, "grpc") || !readsAsUTF8(value)
			d.binary = d.binary || strings.Contains(value, "octet-stream")
		}
	}
	return d
}

func (d *description) needsBody() bool { return needsBody(d.method) }

// encodes tells whether a list of content codings changes the body.
func encodes(codings string) bool {
	for coding := range strings.SplitSeq(codings, ",") {
		if coding = strings.TrimSpace(coding); coding != "" && !strings.EqualFold(coding, "identity") {
			return true
		}
	}
	return false
}

// readsAsUTF8 tells whether a text in the charset of a content type, in lower case, reads the same as one in UTF-8 as
// long as it is valid UTF-8. JSON has no charset, but a backend may go by it.
func readsAsUTF8(contentType string) bool {
	_, parameters, _ := strings.Cut(contentType, ";")
	for parameter := range strings.SplitSeq(parameters, ";") {
		name, charset, _ := strings.Cut(parameter, "=")
		if strings.TrimSpace(name) != "charset" {
			continue
		}
		switch charset = strings.Trim(strings.TrimSpace(charset), `"'`); {
		case charset == "", charset == "utf-8", charset == "utf8", charset == "us-ascii", charset == "ascii":
		case strings.HasPrefix(charset, "iso-8859-"), strings.HasPrefix(charset, "windows-125"), charset == "latin1":
		default:
			return false
		}
	}
	return true
}
