package compat

import (
	"net/http"
	"strings"
	"testing"
)

func TestByOptionsGiveEveryHandlerALogger(t *testing.T) {
	t.Parallel()
	g := run(t, setup{
		program: "by-options", config: `{"greeting": "hello"}`, rules: `[{"ingress": ["special"], "config": {"greeting": "welcome"}}]`,
		routes: []string{pathRoute("special", "/special", "backend.static:80")},
	})
	const prefix = "[by-options] [nil] "
	g.log.wait(t, 1, prefix+"[nil] parsed global hello")
	g.log.wait(t, 1, prefix+"[nil] parsed rule welcome over hello")

	exchange := func(requestID, path, greeting, bodyKind string) {
		t.Helper()
		got := g.send(http.MethodPost, path, strings.NewReader("question"), "X-Request-Id: "+requestID)
		got.expect(t, 200, "backend")
		if header := got.header.Get("X-Greeting"); header != greeting {
			t.Errorf("X-Greeting: got %q, want %q", header, greeting)
		}
		if body := g.backend.takeOne(t).body; body != "question" {
			t.Errorf("body at the backend: got %q, want question", body)
		}
		for _, line := range []string{
			"request headers of " + path + ", greeting " + greeting, "request " + bodyKind + " question",
			"response headers of " + path, "response " + bodyKind + " backend", "stream of " + path + " done",
		} {
			g.log.wait(t, 1, prefix+"["+requestID+"] "+line)
		}
	}
	exchange("global-streamed", "/", "hello", "chunk")
	exchange("rule-streamed", "/special", "welcome", "chunk")

	g.mustReconfigure(`{"greeting": "hello", "buffer": true}`, "")
	exchange("global-buffered", "/", "hello", "body")
	for _, line := range g.log.all() {
		if strings.Contains(line, "[global-buffered]") && strings.Contains(line, "chunk") {
			t.Errorf("a streaming handler ran for a buffered body: %s", line)
		}
	}
}

func TestWrapperLogIsTheHandlersLogger(t *testing.T) {
	t.Parallel()
	g := run(t, setup{program: "wrapper-log", config: `{"name": "compat"}`})
	g.log.wait(t, 1, "[my-plugin] [nil] [nil] config parsed, name=compat")
	g.get("/", "X-Request-Id: logged").expect(t, 200, "backend")
	g.backend.takeOne(t)
	g.log.wait(t, 1, "[my-plugin] [nil] [logged] request for compat")
}
