package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"
	"github.com/higress-group/wasm-go/pkg/test"
)

// TestMain compiles the plugin once, outside the source tree, for the tests that run the module.
func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "keycheck")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	wasm := filepath.Join(dir, "plugin.wasm")
	build := exec.Command("go", "build", "-buildmode=c-shared", "-tags", "proxy_wasm_version_0_2_100", "-o", wasm, ".")
	build.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "building the plugin: %v\n%s", err, out)
		return 1
	}
	os.Setenv("WASM_FILE_PATH", wasm)
	return m.Run()
}

var (
	global = json.RawMessage(`{"name":"global","keys":[{"key":"k1","consumer":"c1"}]}`)
	rules  = json.RawMessage(`{"_rules_":[{"_match_domain_":["a.com"],"name":"rule","keys":[{"key":"k2","consumer":"c2"}]}]}`)
)

func headers(host string, more ...[2]string) [][2]string {
	return append([][2]string{{":authority", host}, {":path", "/p"}, {":method", "GET"}, {":scheme", "http"}}, more...)
}

func TestRequests(t *testing.T) {
	test.RunTest(t, func(t *testing.T) {
		for _, c := range []struct {
			name     string
			config   json.RawMessage
			headers  [][2]string
			action   types.Action
			status   uint32 // 0: no local reply
			consumer string
		}{
			{"a known key", global, headers("b.com", [2]string{"x-api-key", "k1"}), types.ActionContinue, 0, "c1"},
			{"no key", global, headers("b.com"), types.HeaderStopAllIterationAndWatermark, 401, ""},
			{"the rule's key", rules, headers("a.com:80", [2]string{"x-api-key", "k2"}), types.ActionContinue, 0, "c2"},
			{"no rule matches", rules, headers("b.com"), types.ActionContinue, 0, ""},
		} {
			t.Run(c.name, func(t *testing.T) {
				host, status := test.NewTestHost(c.config)
				defer host.Reset()
				if status != types.OnPluginStartStatusOK {
					t.Fatal("the plugin did not start")
				}
				if got := host.CallOnHttpRequestHeaders(c.headers); got != c.action {
					t.Errorf("action: got %d, want %d", got, c.action)
				}
				reply := host.GetLocalResponse()
				if c.status == 0 && reply != nil || c.status != 0 && (reply == nil || reply.StatusCode != c.status) {
					t.Errorf("local reply: got %+v, want status %d", reply, c.status)
				}
				if got, _ := test.GetHeaderValue(host.GetRequestHeaders(), "x-consumer"); got != c.consumer {
					t.Errorf("x-consumer: got %q, want %q", got, c.consumer)
				}
				host.CompleteHttp()
			})
		}
	})
}

func TestCallOut(t *testing.T) {
	test.RunTest(t, func(t *testing.T) {
		host, _ := test.NewTestHost(global)
		defer host.Reset()
		action := host.CallOnHttpRequestHeaders(headers("b.com", [2]string{"x-api-key", "unknown"}))
		if action != types.HeaderStopAllIterationAndWatermark {
			t.Fatalf("action: got %d", action)
		}
		call := host.GetHttpCalloutAttributes()[0]
		if call.Upstream != "outbound|80||keys.dns" || !test.HasHeaderWithValue(call.Headers, ":authority", "keys.example.com") {
			t.Errorf("call-out: got %+v", call)
		}
		host.CallOnHttpCall([][2]string{{":status", "200"}, {"x-consumer", "c9"}}, []byte("ok"))
		if got := host.GetHttpStreamAction(); got != types.ActionContinue {
			t.Errorf("after the answer: got action %d", got)
		}
		if !test.HasHeaderWithValue(host.GetRequestHeaders(), "x-consumer", "c9") {
			t.Errorf("got headers %q", host.GetRequestHeaders())
		}
		host.CompleteHttp()
	})
}

func TestABadConfigurationFailsTheStart(t *testing.T) {
	test.RunTest(t, func(t *testing.T) {
		host, status := test.NewTestHost(json.RawMessage(`{"keys":[]}`))
		defer host.Reset()
		if status != types.OnPluginStartStatusFailed {
			t.Fatal("the plugin started")
		}
	})
}

func TestGetMatchConfig(t *testing.T) {
	test.RunGoTest(t, func(t *testing.T) {
		host, _ := test.NewTestHost(rules)
		defer host.Reset()
		if err := host.SetDomainName("a.com"); err != nil {
			t.Fatal(err)
		}
		got, err := host.GetMatchConfig()
		if err != nil {
			t.Fatal(err)
		}
		if c, ok := got.(*config); !ok || c.Name != "rule" {
			t.Fatalf("got %#v", got)
		}
	})
}
