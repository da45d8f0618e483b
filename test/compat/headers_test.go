package compat

import (
	"net/http"
	"testing"
)

func TestHelloWorldAnswersByItself(t *testing.T) {
	t.Parallel()
	g := run(t, setup{program: "hello-world"})
	g.get("/any").expect(t, 200, "hello world")
	g.backend.takeNone(t)
}

func TestMockResponseFollowsItsConfiguration(t *testing.T) {
	t.Parallel()
	g := run(t, setup{program: "mock-response", config: `{"mockEnable": true}`})
	g.get("/get").expect(t, 200, "hello world")
	g.backend.takeNone(t)

	for name, config := range map[string]string{"disabled": `{"mockEnable": false}`, "no configuration": ""} {
		g.mustReconfigure(config, "")
		g.get("/get").expect(t, 200, "backend")
		if got := g.backend.takeOne(t).header.Values("hello"); len(got) != 1 || got[0] != "world" {
			t.Errorf("%s: header hello at the backend: got %q, want [world]", name, got)
		}
	}
}

func TestMinimalTemplateAddsAHeaderWhenEnabled(t *testing.T) {
	t.Parallel()
	g := run(t, setup{program: "minimal-template", config: `{"enabled": true}`})
	g.get("/").expect(t, 200, "backend")
	if got := g.backend.takeOne(t).header.Values("x-my-header"); len(got) != 1 || got[0] != "hello" {
		t.Errorf("header x-my-header at the backend: got %q, want [hello]", got)
	}

	g.mustReconfigure(`{"enabled": false}`, "")
	g.get("/").expect(t, 200, "backend")
	if got := g.backend.takeOne(t).header.Values("x-my-header"); len(got) != 0 {
		t.Errorf("header x-my-header at the backend: got %q, want none", got)
	}
}

func TestHeaderEditReadsAndReplacesHeaders(t *testing.T) {
	t.Parallel()
	g := run(t, setup{program: "header-edit", config: `{"some_field": "hello"}`})
	g.get("/", "X-User-Id: u1", "X-Custom-Header: client's", "X-Request-Id: id-1").expect(t, 200, "backend")
	if got := g.backend.takeOne(t).header.Values("x-custom-header"); len(got) != 1 || got[0] != "hello" {
		t.Errorf("header x-custom-header at the backend: got %q, want [hello]", got)
	}
	// The guide shows such lines as the sign of success. Since then the prefix has the plugin id and the request id.
	g.log.wait(t, 1, "[my-plugin] [nil] [nil] my-plugin: config parsed, some_field=hello")
	g.log.wait(t, 1, "[my-plugin] [nil] [id-1] my-plugin: request received")
	g.log.wait(t, 1, "[my-plugin] [nil] [id-1] my-plugin: user=u1")
}

func TestBasicAuthRuleOverridesGlobalConfiguration(t *testing.T) {
	t.Parallel()
	g := run(t, setup{
		program: "basic-auth",
		config: `{"consumers": [{"credential": "admin:123456", "name": "consumer1"}, {"credential": "guest:abc", "name": "consumer2"}],
    "global_auth": false}`,
		rules:  `[{"ingress": ["private"], "config": {"allow": ["consumer1"]}}]`,
		routes: []string{pathRoute("private", "/private", "backend.static:80")},
	})
	const admin, guest = "Authorization: Basic YWRtaW46MTIzNDU2", "Authorization: Basic Z3Vlc3Q6YWJj"
	tests := []struct {
		name, path string
		headers    []string
		status     int
		body       string
		consumer   string // at the backend
	}{
		{"global_auth false lets other routes alone", "/open", nil, 200, "backend", ""},
		{"the rule asks for credentials", "/private", nil, 401, "unauthorized", ""},
		{"the rule sees the global consumers", "/private", []string{admin}, 200, "backend", "consumer1"},
		{"a consumer that the rule does not allow", "/private", []string{guest}, 403, "denied", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := g.get(test.path, test.headers...)
			got.expect(t, test.status, test.body)
			if challenge := got.header.Get("WWW-Authenticate"); (challenge == "Basic realm=compat") != (test.status == 401) {
				t.Errorf("WWW-Authenticate: got %q", challenge)
			}
			if test.status != 200 {
				g.backend.takeNone(t)
				return
			}
			if consumer := g.backend.takeOne(t).header.Get("X-Mse-Consumer"); consumer != test.consumer {
				t.Errorf("X-Mse-Consumer at the backend: got %q, want %q", consumer, test.consumer)
			}
		})
	}

	if err := g.reconfigure(`{"consumers": []}`, `[{"ingress": ["private"], "config": {"allow": "consumer1"}}]`); err == nil {
		t.Error("a rule that its parser refuses loads")
	}
	g.get("/private").expect(t, 401, "unauthorized")
}

func TestDisableRerouteKeepsTheRouteOfTheOriginalPath(t *testing.T) {
	t.Parallel()
	other := startUpstream(t)
	other.respond(func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("other")) })
	g := run(t, setup{
		program: "disable-reroute", config: `{}`, upstreams: map[string]string{"other.static:80": other.address},
		routes: []string{pathRoute("old", "/old", "backend.static:80"), pathRoute("new", "/new-path", "other.static:80")},
	})
	check := func(requestID, body, route string, upstream, idle *upstreamService) {
		t.Helper()
		g.get("/old", "X-Request-Id: "+requestID).expect(t, 200, body)
		if got := upstream.takeOne(t).path; got != "/new-path" {
			t.Errorf("path at the upstream: got %q, want /new-path", got)
		}
		idle.takeNone(t)
		if got := g.accessLog(requestID).RouteName; got != route {
			t.Errorf("route in the access log: got %q, want %q", got, route)
		}
	}
	check("without-rerouting", "backend", "old", g.backend, other)
	g.mustReconfigure(`{"reroute": true}`, "")
	check("with-rerouting", "other", "new", other, g.backend)
}

func TestCustomLoggingWritesAttributesToLogAndTrace(t *testing.T) {
	t.Parallel()
	g := run(t, setup{program: "custom-logging"})
	g.get("/", "X-Request-Id: logged").expect(t, 200, "backend")
	entry := g.accessLog("logged")
	if want := `{"request_type":"api","user_id":"12345"}`; entry.CustomLog != want {
		t.Errorf("custom_log: got %s, want %s", entry.CustomLog, want)
	}
	if tags := entry.TraceTags; len(tags) != 2 || tags["user_id"] != "12345" || tags["request_type"] != "api" {
		t.Errorf("trace tags: got %v, want user_id 12345 and request_type api", tags)
	}
}
