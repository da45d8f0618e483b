package main

import (
	"strings"
	"testing"

	"github.com/higress-group/wasm-go/pkg/test"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wasmplane/wasmplane/extensions/internal/plugintest"
)

// exchange is a request and the connection that it came over. A property that is "" cannot be read.
type exchange struct {
	protocol, serverName string
	request              [][2]string
}

// over2 is a request of HTTP/2 over TLS.
func over2(serverName, authority string, lines ...string) exchange {
	return exchange{"HTTP/2", serverName, request("https", authority, lines...)}
}

// request makes request headers from "name: value" lines.
func request(scheme, authority string, lines ...string) [][2]string {
	list := [][2]string{{":path", "/"}, {":method", "GET"}}
	for _, pseudo := range [][2]string{{":authority", authority}, {":scheme", scheme}} {
		if pseudo[1] != "" {
			list = append(list, pseudo)
		}
	}
	return plugintest.Headers(list, lines...)
}

func TestRequests(t *testing.T) {
	const passes, other, outside = "", "sni-misdirect.mismatched.non_wildcard", "sni-misdirect.mismatched.wildcard"
	tests := []struct {
		name string
		exchange
		want string // the refusal's details
	}{
		{"the host of the connection", over2("a.test", "a.test"), passes},
		{"with a port", over2("a.test", "a.test:8443"), passes},
		{"in other letters", over2("a.test", "A.test"), passes},
		{"the connection's name in other letters", over2("A.TEST", "a.test"), passes},
		{"with a final dot", over2("a.test", "a.test.:443"), passes},
		{"another host", over2("a.test", "b.test", "content-type: text/plain"), other},
		{"another host, without a content type", over2("a.test", "b.test"), other},
		{"an empty content type", over2("a.test", "b.test", "content-type: "), other},
		{"an address in brackets", over2("a.test", "[::1]:443"), other},
		{"an empty host", over2("a.test", ":443"), other},
		{"HTTP/1.1", exchange{"HTTP/1.1", "a.test", request("https", "b.test")}, passes},
		{"HTTP/1.0", exchange{"HTTP/1.0", "a.test", request("https", "b.test")}, passes},
		{"HTTP/3", exchange{"HTTP/3", "a.test", request("https", "b.test")}, other},
		{"HTTP/3, the host of the connection", exchange{"HTTP/3", "a.test", request("https", "a.test")}, passes},
		{"an unknown protocol", exchange{"", "a.test", request("https", "b.test")}, passes},
		{"not https", exchange{"HTTP/2", "a.test", request("http", "b.test")}, passes},
		{"https in other letters", exchange{"HTTP/2", "a.test", request("HTTPS", "b.test")}, other},
		{"no scheme", exchange{"HTTP/2", "a.test", request("", "b.test")}, passes},
		{"no host", over2("a.test", ""), passes},
		{"no server name", over2("", "b.test"), passes},
		{"gRPC", over2("a.test", "b.test", "content-type: application/grpc"), passes},
		{"gRPC with a format", over2("a.test", "b.test", "content-type: application/grpc+proto"), passes},
		{"gRPC with a parameter", over2("a.test", "b.test", "content-type: application/grpc ; charset=utf-8"), passes},
		{"gRPC-Web", over2("a.test", "b.test", "content-type: application/grpc-web"), other},
		{"gRPC-Web with a parameter", over2("a.test", "b.test", "content-type: application/grpc-web+proto;x=y"), other},
		{"what only begins like gRPC", over2("a.test", "b.test", "content-type: application/grpcx"), other},
		{"below a wildcard", over2("*.shop.test", "x.shop.test"), passes},
		{"below a wildcard, in other letters", over2("*.shop.test", "X.Shop.Test:443"), passes},
		{"two labels below", over2("*.shop.test", "y.x.shop.test"), passes},
		{"the wildcard itself", over2("*.shop.test", "*.shop.test"), passes},
		{"outside of it", over2("*.shop.test", "x.other.test"), outside},
		{"it is in the middle", over2("*.shop.test", "x.shop.test.evil.test"), outside},
		{"the domain itself", over2("*.shop.test", "shop.test"), outside},
		{"an empty label below", over2("*.shop.test", ".shop.test"), outside},
		{"a label that ends so", over2("*.shop.test", "evilshop.test"), outside},
		{"outside of it, with gRPC", over2("*.shop.test", "x.other.test", "content-type: application/grpc"), passes},
		{"a letter of another alphabet", over2("shop.test", "\u017fhop.test"), other},
		{"an endless host", over2("a.test", strings.Repeat("a.", 30000)), other},
	}
	test.RunGoTest(t, func(t *testing.T) {
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				host := plugintest.Start(t, `{}`)
				assertAnswer(t, host, tt.exchange, tt.want)
			})
		}
	})
}

// assertAnswer sends a request and expects it to be refused with the details, or to pass if these are "".
func assertAnswer(t *testing.T, host test.TestHost, e exchange, details string) {
	t.Helper()
	for property, value := range map[[2]string]string{
		{"request", "protocol"}: e.protocol, {"connection", "requested_server_name"}: e.serverName,
	} {
		if value != "" {
			require.NoError(t, host.SetProperty(property[:], []byte(value)))
		}
	}
	action := host.CallOnHttpRequestHeaders(e.request)
	assert.Equal(t, e.request, host.GetRequestHeaders(), "the request is left as it is")
	var want plugintest.Refusal
	if details != "" {
		want = plugintest.Refused(421, details, "Misdirected Request")
	}
	want.AssertVerdict(t, host, action)
}

func TestAnUnknownProtocolIsLogged(t *testing.T) {
	test.RunGoTest(t, func(t *testing.T) {
		host := plugintest.Start(t, `{}`)
		assertAnswer(t, host, exchange{"", "a.test", request("https", "b.test")}, "")
		assert.Contains(t, strings.Join(host.GetErrorLogs(), "\n"), "the protocol cannot be read")
	})
}

func TestRulesLimitTheHosts(t *testing.T) {
	test.RunGoTest(t, func(t *testing.T) {
		for authority, want := range map[string]string{"x.shop.test": otherHost, "b.test": ""} {
			host := plugintest.Start(t, `{"_rules_": [{"_match_domain_": ["*.shop.test"]}]}`)
			assertAnswer(t, host, over2("a.test", authority), want)
			host.Reset()
		}
	})
}

func TestTheCompiledModuleStartsAndAnswers(t *testing.T) {
	const wasm = "../../build/sni-misdirect.raw.wasm"
	test.RunWasmTestWithPath(t, wasm, func(t *testing.T) {
		host := plugintest.Start(t, `{}`)
		assertAnswer(t, host, over2("a.test", "b.test"), otherHost)
		host.CompleteHttp()
	})
}

func FuzzMismatch(f *testing.F) {
	for _, pair := range [][2]string{{"a.test", "a.test:443"}, {"*.shop.test", "x.shop.test."}, {"a", "[::1]:1"}, {"*.", "."}, {"", ":"}, {"a", "]:"}} {
		f.Add(pair[0], pair[1])
	}
	f.Fuzz(func(t *testing.T, serverName, authority string) {
		details := mismatch(serverName, authority)
		if serverName == "" && details != "" {
			t.Fatalf("%q is refused without a server name", authority)
		}
		if other := mismatch(lowered(serverName), lowered(authority)); other != details {
			t.Fatalf("%q, %q: %q, but %q in other letters", serverName, authority, details, other)
		}
		host, name := lowered(withoutPort(authority)), lowered(withoutDot(serverName))
		if details == "" && serverName != "" && host != name && !strings.HasSuffix(host, strings.TrimPrefix(name, "*")) {
			t.Fatalf("%q passes over a connection for %q", authority, serverName)
		}
	})
}

// lowered has upper-case letters of ASCII in lower case.
func lowered(text string) string {
	b := []byte(text)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c | 0x20
		}
	}
	return string(b)
}

func FuzzIsTypeOfGRPC(f *testing.F) {
	for _, text := range []string{"application/grpc", "application/grpc+proto; x", "application/grpc-web", ";", ""} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if isTypeOfGRPC(text) && (!strings.Contains(text, "application/grpc") || strings.Contains(text, "application/grpc-web") && !strings.ContainsAny(text, ";+")) {
			t.Fatalf("%q is taken for gRPC", text)
		}
	})
}
