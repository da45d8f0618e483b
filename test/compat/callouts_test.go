package compat

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestHTTPCallPutsAHeaderOfTheAnswerIntoTheRequest(t *testing.T) {
	t.Parallel()
	idp := startUpstream(t)
	const config = `{"serviceName": "idp.dns", "servicePort": 443, "requestPath": "/token?for=compat", "tokenHeader": "x-token"}`
	g := run(t, setup{program: "http-call", config: config, upstreams: map[string]string{"idp.dns:443": idp.address}})

	idp.respond(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Token", "abc")
		io.WriteString(w, "granted")
	})
	g.get("/get").expect(t, 200, "backend")
	call := idp.takeOne(t)
	if call.method != "GET" || call.path != "/token?for=compat" || call.host != "idp.dns" || call.body != "" {
		t.Errorf("call-out: got %s http://%s%s with body %q, want GET http://idp.dns/token?for=compat without one", call.method, call.host, call.path, call.body)
	}
	if got := g.backend.takeOne(t).header.Values("x-token"); len(got) != 1 || got[0] != "abc" {
		t.Errorf("header x-token at the backend: got %q, want [abc]", got)
	}
	g.log.wait(t, 1, "get status: 200, response body: granted")

	t.Run("another status refuses the request", func(t *testing.T) {
		idp.respond(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) })
		g.get("/get").expect(t, 500, "http call failed")
		idp.takeOne(t)
		g.backend.takeNone(t)
		g.log.wait(t, 1, "http call failed, status: 403")
	})

	t.Run("the default timeout is 500 ms", func(t *testing.T) {
		gone := make(chan struct{})
		idp.respond(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done(); close(gone) })
		start := time.Now()
		g.get("/get").expect(t, 500, "http call failed")
		if took := time.Since(start); took < 500*time.Millisecond || took > 10*time.Second {
			t.Errorf("answered after %v, want 500 ms", took)
		}
		g.backend.takeNone(t)
		<-gone
	})

	t.Run("an unknown service lets the request pass", func(t *testing.T) {
		g.mustReconfigure(strings.Replace(config, "idp.dns", "nowhere.dns", 1), "")
		g.get("/get").expect(t, 200, "backend")
		if got := g.backend.takeOne(t).header.Values("x-token"); len(got) != 0 {
			t.Errorf("header x-token at the backend: got %q, want none", got)
		}
		g.log.wait(t, 1, "Error occured while calling http, it seems cannot find the service cluster.")
	})

	t.Run("an incomplete configuration does not load", func(t *testing.T) {
		err := g.reconfigure(`{"serviceName": "idp.dns", "servicePort": 443, "requestPath": "/token"}`, "")
		if err == nil || !strings.Contains(err.Error(), "missing tokenHeader in config") {
			t.Errorf("reload: got error %v, want one with the parser's own words", err)
		}
	})
}

func TestHTTPCheckLetsAServiceDecide(t *testing.T) {
	t.Parallel()
	checker := startUpstream(t)
	g := run(t, setup{
		program: "http-check", config: `{"serviceName": "checker.static", "servicePort": 80}`,
		upstreams: map[string]string{"checker.static:80": checker.address},
	})
	g.send(http.MethodPost, "/", strings.NewReader("payload")).expect(t, 200, "backend")
	if call := checker.takeOne(t); call.method != "GET" || call.path != "/api/check" {
		t.Errorf("call-out: got %s %s, want GET /api/check", call.method, call.path)
	}
	if got := g.backend.takeOne(t).body; got != "payload" {
		t.Errorf("body at the backend: got %q, want payload", got)
	}

	checker.respond(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) })
	g.send(http.MethodPost, "/", strings.NewReader("payload")).expect(t, 403, "Forbidden")
	checker.takeOne(t)
	g.backend.takeNone(t)
}

func TestRouteCallAsksTheRoutesUpstreamAnotherQuestion(t *testing.T) {
	t.Parallel()
	g := run(t, setup{program: "route-call"})
	g.backend.respond(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Backend", "yes")
		w.WriteHeader(http.StatusCreated)
		io.WriteString(w, "created")
	})
	got := g.send(http.MethodPut, "/original?a=b", strings.NewReader(`{"q":1}`), "Content-Type: text/plain")
	got.expect(t, 201, "created")
	if got.header.Get("X-Backend") != "yes" {
		t.Errorf("X-Backend of the answer: got %q, want yes", got.header.Get("X-Backend"))
	}
	request := g.backend.takeOne(t)
	if request.method != "POST" || request.path != "/modified-path" || request.body != `{"q":1}` {
		t.Errorf("backend received %s %s with body %s, want POST /modified-path with the client's", request.method, request.path, request.body)
	}
	for name, want := range map[string]string{
		"Content-Type": "application/json", "X-Custom": "header",
		"X-Envoy-Original-Method": "PUT", "X-Envoy-Original-Path": "/original?a=b", "X-Envoy-Original-Host": g.Addr(),
	} {
		if got := request.header.Values(name); len(got) != 1 || got[0] != want {
			t.Errorf("header %s at the backend: got %q, want [%s]", name, got, want)
		}
	}

	g.get("/plain").expect(t, 201, "created")
	if request := g.backend.takeOne(t); request.method != "GET" || request.path != "/plain" {
		t.Errorf("a request without a body reached the backend as %s %s, want it unchanged", request.method, request.path)
	}
}
