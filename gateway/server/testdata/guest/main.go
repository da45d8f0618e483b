// Command guest is the plugin of the gateway's tests. Each request says in the header x-<name> what the instance called
// <name> does with it; the header is taken away. What comes of it is told to the upstream in the header x-<name>-answer.
// Every stream is marked in the request header x-seen with the name and the configuration's mark.
package main

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm"
	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"
)

func main() {}

func init() {
	proxywasm.SetPluginContext(func(uint32) types.PluginContext { return &plugin{} })
}

var (
	// count survives a change of configuration and not a rebuild of the VM.
	count int
	// inside is true while a callback runs. It is true at the start of one only if two run at the same time.
	inside bool
)

type plugin struct {
	types.DefaultPluginContext
	config struct {
		Name     string `json:"name"`
		Mark     string `json:"mark"`
		Refuse   string `json:"refuse"`   // why the configuration is refused
		Call     string `json:"call"`     // a cluster that is called at the start
		NoBodies bool   `json:"noBodies"` // the body handlers do nothing
	}
}

func (p *plugin) OnPluginStart(int) types.OnPluginStartStatus {
	data, err := proxywasm.GetPluginConfiguration()
	if err != nil {
		proxywasm.LogErrorf("configuration: %v", err)
		return types.OnPluginStartStatusFailed
	}
	if err := json.Unmarshal(data, &p.config); err != nil {
		proxywasm.LogErrorf("configuration: %v", err)
		return types.OnPluginStartStatusFailed
	}
	if p.config.Refuse != "" {
		proxywasm.LogErrorf("refuse: %s", p.config.Refuse)
		return types.OnPluginStartStatusFailed
	}
	if p.config.Call != "" {
		_, err := proxywasm.DispatchHttpCall(p.config.Call, head("/start"), nil, nil, 5000, func(int, int, int) {
			proxywasm.LogInfof("start call answered: %s", callStatus())
		})
		proxywasm.LogInfof("start call: %v", err)
	}
	return types.OnPluginStartStatusOK
}

func (p *plugin) NewHttpContext(uint32) types.HttpContext { return &request{plugin: p} }

type request struct {
	types.DefaultHttpContext
	plugin *plugin
	words  []string
}

func enter() func() {
	if inside {
		panic("two callbacks at the same time")
	}
	inside = true
	return func() { inside = false }
}

func (r *request) OnHttpRequestHeaders(int, bool) types.Action {
	defer enter()()
	name := "x-" + r.plugin.config.Name
	text, _ := proxywasm.GetHttpRequestHeader(name)
	_ = proxywasm.RemoveHttpRequestHeader(name)
	_ = proxywasm.AddHttpRequestHeader("x-seen", r.plugin.config.Name+r.plugin.config.Mark)
	r.words = strings.Fields(text)
	if len(r.words) == 0 {
		return types.ActionContinue
	}
	switch r.words[0] {
	case "panic":
		inside = false
		panic("asked to")
	case "hold":
		proxywasm.LogInfo("holding")
		return types.ActionPause
	case "count":
		count++
		r.answer(fmt.Sprint(count))
	case "long-reply": // the body, a million times
		body := strings.Repeat(r.words[1], 1<<20)
		_ = proxywasm.SendHttpResponseWithDetail(401, "test.reply", nil, []byte(body), -1)
		return types.ActionPause
	case "reply": // the body
		_ = proxywasm.SendHttpResponseWithDetail(401, "test.reply", nil, []byte(r.words[1]), -1)
		return types.ActionPause
	case "call": // cluster, path
		return r.call()
	case "redis": // cluster, words of the command
		return r.redis()
	case "metrics":
		proxywasm.DefineCounterMetric("test.counter").Increment(1)
		proxywasm.DefineCounterMetric("test-counter").Increment(33)
		proxywasm.DefineGaugeMetric("test.gauge").Add(1)
		proxywasm.DefineHistogramMetric("test.histogram").Record(7)
	case "log":
		_ = proxywasm.SetProperty([]string{"custom_log"}, []byte(r.words[1]))
	}
	return types.ActionContinue
}

func (r *request) OnHttpRequestBody(size int, end bool) types.Action {
	defer enter()()
	if !r.plugin.config.NoBodies {
		_, _ = proxywasm.GetHttpRequestBody(0, size)
	}
	return types.ActionContinue
}

func (r *request) OnHttpResponseHeaders(int, bool) types.Action {
	defer enter()()
	_ = proxywasm.AddHttpResponseHeader("x-by", r.plugin.config.Name+r.plugin.config.Mark)
	if len(r.words) > 0 && r.words[0] == "panic-response" {
		inside = false
		panic("asked to")
	}
	return types.ActionContinue
}

// OnHttpResponseBody makes the letters of the body capital ones where it is asked to, chunk by chunk.
func (r *request) OnHttpResponseBody(size int, end bool) types.Action {
	defer enter()()
	if len(r.words) > 0 && r.words[0] == "upper" && size > 0 {
		body, err := proxywasm.GetHttpResponseBody(0, size)
		if err == nil {
			_ = proxywasm.ReplaceHttpResponseBody([]byte(strings.ToUpper(string(body))))
		}
	}
	return types.ActionContinue
}

func (r *request) answer(text string) {
	_ = proxywasm.AddHttpRequestHeader("x-"+r.plugin.config.Name+"-answer", text)
}

func (r *request) resume(text string) {
	r.answer(text)
	_ = proxywasm.ResumeHttpRequest()
}

func (r *request) call() types.Action {
	_, err := proxywasm.DispatchHttpCall(r.words[1], head(r.words[2]), nil, nil, 20000, func(_, size, _ int) {
		defer enter()()
		if len(r.words) > 3 {
			inside = false
			panic("asked to")
		}
		r.resume(callStatus())
	})
	if err != nil {
		r.answer(err.Error())
		return types.ActionContinue
	}
	return types.ActionPause
}

func (r *request) redis() types.Action {
	if err := proxywasm.RedisInit(r.words[1], "", "", 2000); err != nil {
		r.answer(err.Error())
		return types.ActionContinue
	}
	query := fmt.Sprintf("*%d\r\n", len(r.words)-2)
	for _, word := range r.words[2:] {
		query += fmt.Sprintf("$%d\r\n%s\r\n", len(word), word)
	}
	_, err := proxywasm.DispatchRedisCall(r.words[1], []byte(query), func(status, size int) {
		defer enter()()
		reply, _ := proxywasm.GetRedisCallResponse(0, size)
		r.resume(fmt.Sprintf("%d %q", status, reply))
	})
	if err != nil {
		r.answer(err.Error())
		return types.ActionContinue
	}
	return types.ActionPause
}

func head(path string) [][2]string {
	return [][2]string{{":method", "GET"}, {":path", path}, {":authority", "service"}}
}

func callStatus() string {
	headers, err := proxywasm.GetHttpCallResponseHeaders()
	if err != nil {
		return err.Error()
	}
	for _, h := range headers {
		if h[0] == ":status" {
			return h[1]
		}
	}
	return "no status"
}
