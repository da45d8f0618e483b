package main

import (
	"strconv"

	"github.com/corazawaf/coraza/v3/experimental/plugins/plugintypes"
	"github.com/corazawaf/coraza/v3/types"
	proxy "github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"

	"github.com/wasmplane/wasmplane/pkg/log"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

func onRequestHeaders(ctx wrapper.HttpContext, config Config) proxy.Action {
	if config.engine == nil {
		ctx.DontReadRequestBody()
		ctx.DontReadResponseBody()
		return proxy.HeaderContinue
	}
	s := &inspection{config: &config, engine: config.engine, tx: config.engine.waf.NewTransaction()}
	ctx.SetContext(inspectionKey, s)
	if !s.readRequest(ctx) {
		s.fail("its headers cannot be read")
		return proxy.HeaderStopAllIterationAndWatermark
	}
	if !s.evaluate(func() (*types.Interruption, error) { return s.tx.ProcessRequestHeaders(), nil }) {
		return proxy.HeaderStopAllIterationAndWatermark
	}
	s.upgrade = s.request.method == "CONNECT" || s.request.method == "GET" && ctx.IsWebsocket()
	if s.upgrade || !ctx.HasRequestBody() || !s.tx.IsRequestBodyAccessible() || s.tx.IsRuleEngineOff() {
		ctx.DontReadRequestBody()
		if !s.judgeRequest(nil) {
			return proxy.HeaderStopAllIterationAndWatermark
		}
		return proxy.HeaderContinue
	}
	return s.awaitBody(ctx)
}

// awaitBody holds the request until its body is there, unless the headers say already that there is too much of it.
func (s *inspection) awaitBody(ctx wrapper.HttpContext) proxy.Action {
	length, known := contentLength(s.request.headers)
	if known && length >= s.engine.requestLimit && s.engine.rejectsRequests {
		log.Warn("the request is refused: a body of " + strconv.FormatInt(length, 10) + " bytes; the limit is " +
			strconv.FormatInt(s.engine.requestLimit, 10))
		s.requestJudged = true
		s.refuse(&types.Interruption{Action: "deny", Status: 413})
		return proxy.HeaderStopAllIterationAndWatermark
	}
	allowHold(s.engine.requestLimit, length, known)
	s.holdsRequest = true
	return proxy.HeaderStopIteration
}

// onRequestBody judges a request by its body, or by as much of it as is examined.
func onRequestBody(ctx wrapper.HttpContext, _ Config, body []byte) proxy.Action {
	s := inspectionOf(ctx)
	if s == nil {
		return proxy.ActionContinue
	}
	if !s.judgeRequest(body) {
		return proxy.DataStopIterationNoBuffer
	}
	return proxy.ActionContinue
}

// judgeRequest runs phase 2.
func (s *inspection) judgeRequest(body []byte) bool {
	s.requestJudged = true
	return s.evaluate(func() (*types.Interruption, error) { return s.phase2(body) })
}

func (s *inspection) phase2(body []byte) (*types.Interruption, error) {
	if len(body) > 0 {
		it, _, err := s.tx.WriteRequestBody(s.examinable(body))
		if it != nil || err != nil {
			return it, err
		}
	}
	return s.tx.ProcessRequestBody()
}

// readRequest tells the engine about the request.
func (s *inspection) readRequest(ctx wrapper.HttpContext) bool {
	headers := wrapper.RequestHeaders(ctx)
	if headers == nil {
		return false
	}
	s.describe(headers)
	return true
}

// describe tells the engine about a request of those headers.
func (s *inspection) describe(headers [][2]string) {
	r := &s.request
	r.headers = headers
	for i := range r.headers {
		value := r.headers[i][1]
		switch r.headers[i][0] {
		case ":method":
			r.method = value
		case ":path":
			r.path = value
		case ":authority":
			r.authority = value
		}
	}
	if r.path == "" {
		r.path = r.authority // CONNECT has no path (RFC 9110 section 9.3.6)
	}
	r.protocol = requestProtocol()
	client, clientPort := peer("source")
	server, serverPort := peer("destination")
	r.client, r.clientPort = client, clientPort
	s.tx.ProcessConnection(client, clientPort, server, serverPort)
	s.tx.ProcessURI(r.path, r.method, r.protocol)
	for i := range r.headers {
		s.tx.AddRequestHeader(r.headers[i][0], r.headers[i][1])
	}
	if r.authority != "" {
		s.tx.AddRequestHeader("Host", r.authority)
		s.tx.SetServerName(withoutPort(r.authority))
	}
	if s.engine.bounded {
		v := s.tx.(plugintypes.TransactionState).Variables()
		v.TX().Set(cookieBytesVariable, []string{strconv.Itoa(cookieBytes(r.headers))})
	}
}

// contentLength returns what the headers say. Several lengths, or what is no number, count as unknown.
func contentLength(headers [][2]string) (length int64, known bool) {
	for i := range headers {
		if headers[i][0] != "content-length" {
			continue
		}
		n, err := strconv.ParseUint(headers[i][1], 10, 63)
		if err != nil || known {
			return 0, false
		}
		length, known = int64(n), true
	}
	return length, known
}
