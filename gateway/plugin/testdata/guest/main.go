// Command guest is the plugin of the host's tests: it runs a script for each event, given as its configuration. A line
// is "event: command; command …"; a command is words separated by spaces. What a command answers is logged as
// "event command = answer".
package main

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm"
	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"
)

func main() {}

func init() {
	proxywasm.SetPluginContext(func(id uint32) types.PluginContext { return &plugin{id: id, script: map[string][]string{}} })
}

// counted survives a change of configuration, as package-level state does.
var counted int

var queue, metric = map[string]uint32{}, map[string]proxywasm.MetricCounter{}

type plugin struct {
	types.DefaultPluginContext
	id     uint32
	script map[string][]string
}

type request struct {
	types.DefaultHttpContext
	plugin *plugin
	id     uint32
}

func (p *plugin) OnPluginStart(int) types.OnPluginStartStatus {
	config, err := proxywasm.GetPluginConfiguration()
	if err != nil && !errors.Is(err, types.ErrorStatusNotFound) {
		proxywasm.LogErrorf("configuration: %v", err)
	}
	for _, line := range strings.Split(string(config), "\n") {
		event, commands, _ := strings.Cut(line, ":")
		for _, command := range strings.Split(commands, ";") {
			p.script[strings.TrimSpace(event)] = append(p.script[strings.TrimSpace(event)], strings.TrimSpace(command))
		}
	}
	return types.OnPluginStartStatus(p.run("start", 1) != 0)
}

func (p *plugin) NewHttpContext(id uint32) types.HttpContext {
	p.run("create", 0)
	return &request{plugin: p, id: id}
}
func (p *plugin) OnTick()                { p.run("tick", 0) }
func (p *plugin) OnQueueReady(id uint32) { p.run("queue", 0) }
func (p *plugin) OnPluginDone() bool     { return p.run("plugindone", 1) != 0 }

func (r *request) OnHttpRequestHeaders(n int, end bool) types.Action {
	return types.Action(r.plugin.run("reqh", 0, n, end))
}
func (r *request) OnHttpRequestBody(n int, end bool) types.Action {
	return types.Action(r.plugin.run("reqb", 0, n, end))
}
func (r *request) OnHttpRequestTrailers(n int) types.Action {
	return types.Action(r.plugin.run("reqt", 0, n))
}
func (r *request) OnHttpResponseHeaders(n int, end bool) types.Action {
	return types.Action(r.plugin.run("resh", 0, n, end))
}
func (r *request) OnHttpResponseBody(n int, end bool) types.Action {
	return types.Action(r.plugin.run("resb", 0, n, end))
}
func (r *request) OnHttpResponseTrailers(n int) types.Action {
	return types.Action(r.plugin.run("rest", 0, n))
}
func (r *request) OnHttpStreamDone() { r.plugin.run("log", 0) }

// run runs an event's script and returns the number of its last "ret", else fallback.
func (p *plugin) run(event string, fallback int, facts ...any) int {
	for _, command := range p.script[event] {
		words := strings.Fields(command)
		if len(words) == 0 {
			continue
		}
		if words[0] == "ret" {
			fallback, _ = strconv.Atoi(words[1])
			continue
		}
		if words[0] == "facts" {
			proxywasm.LogInfof("%s %v", event, facts)
			continue
		}
		answer, err := p.do(words)
		if err != nil {
			answer = "error: " + err.Error()
		}
		proxywasm.LogInfof("%s %s = %s", event, command, answer)
	}
	return fallback
}

func word(words []string, i int) string {
	if i < len(words) {
		return strings.ReplaceAll(words[i], "_", " ")
	}
	return ""
}

func path(s string) []string { return strings.Split(s, "/") }

func (p *plugin) do(words []string) (string, error) {
	arg := func(i int) string { return word(words, i) }
	n, _ := strconv.Atoi(arg(1))
	n2, _ := strconv.Atoi(arg(2))
	const all = 1<<31 - 1
	switch words[0] {
	case "getreq":
		return proxywasm.GetHttpRequestHeader(arg(1))
	case "addreq":
		return "", proxywasm.AddHttpRequestHeader(arg(1), arg(2))
	case "getres":
		return proxywasm.GetHttpResponseHeader(arg(1))
	case "addres":
		return "", proxywasm.AddHttpResponseHeader(arg(1), arg(2))
	case "addreqt":
		return "", proxywasm.AddHttpRequestTrailer(arg(1), arg(2))
	case "addrest":
		return "", proxywasm.AddHttpResponseTrailer(arg(1), arg(2))
	case "getreqt":
		return proxywasm.GetHttpRequestTrailer(arg(1))
	case "reqall":
		all, err := proxywasm.GetHttpRequestHeaders()
		return fmt.Sprint(all), err
	case "reqbody":
		b, err := proxywasm.GetHttpRequestBody(0, all)
		return string(b), err
	case "setreqbody":
		return "", proxywasm.ReplaceHttpRequestBody([]byte(arg(1)))
	case "resbody":
		b, err := proxywasm.GetHttpResponseBody(0, all)
		return string(b), err
	case "setresbody":
		return "", proxywasm.ReplaceHttpResponseBody([]byte(arg(1)))
	case "prop":
		b, err := proxywasm.GetProperty(path(words[1]))
		return fmt.Sprintf("%q", b), err
	case "setprop":
		return "", proxywasm.SetProperty(path(words[1]), []byte(arg(2)))
	case "foreign":
		b, err := proxywasm.CallForeignFunction(words[1], []byte(arg(2)))
		return fmt.Sprintf("%q", b), err
	case "roundtrip":
		b, err := proxywasm.CallForeignFunction("compress", []byte(arg(1)))
		if err != nil {
			return "", err
		}
		b, err = proxywasm.CallForeignFunction("uncompress", b)
		return string(b), err
	case "declare": // name, readonly, life span
		message := append([]byte{1<<3 | 2, byte(len(arg(1)))}, arg(1)...)
		message = append(message, 2<<3, byte(n2))
		if arg(3) != "" {
			message = append(message, 5<<3, arg(3)[0]-'0')
		}
		_, err := proxywasm.CallForeignFunction("declare_property", message)
		return "", err
	case "finject":
		message := append([]byte{1<<3 | 2, byte(len(arg(2)))}, arg(2)...)
		_, err := proxywasm.CallForeignFunction(words[1], message)
		return "", err
	case "call":
		headers := [][2]string{{":method", "GET"}, {":path", "/"}, {":authority", "auth"}}
		if arg(2) == "bare" {
			headers = headers[:1]
		}
		timeout := uint32(500)
		if arg(2) == "negative" {
			timeout = 1 << 31
		}
		token, err := proxywasm.DispatchHttpCall(words[1], headers, []byte("q"), nil, timeout, func(n, size, trailers int) {
			h, _ := proxywasm.GetHttpCallResponseHeaders()
			b, _ := proxywasm.GetHttpCallResponseBody(0, size)
			proxywasm.LogInfof("answer %v %s %d", h, b, trailers)
			p.run("answer", 0)
		})
		return fmt.Sprint(token), err
	case "redisinit":
		return "", proxywasm.RedisInit(words[1], "u", "p", 1000)
	case "redis":
		token, err := proxywasm.DispatchRedisCall(words[1], []byte("*1\r\n$4\r\nPING\r\n"), func(status, size int) {
			b, _ := proxywasm.GetRedisCallResponse(0, size)
			proxywasm.LogInfof("reply %d %q", status, b)
		})
		return fmt.Sprint(token), err
	case "reply":
		var headers [][2]string
		if arg(4) != "" {
			headers = [][2]string{{arg(4), arg(5)}}
		}
		return "", proxywasm.SendHttpResponseWithDetail(uint32(n), arg(2), headers, []byte(arg(3)), -1)
	case "resume":
		if arg(1) == "req" {
			return "", proxywasm.ResumeHttpRequest()
		}
		return "", proxywasm.ResumeHttpResponse()
	case "inject":
		return "", proxywasm.InjectEncodedDataToFilterChain([]byte(arg(1)), arg(2) == "end")
	case "hosts":
		hosts, err := proxywasm.GetUpstreamHosts()
		return fmt.Sprint(hosts), err
	case "override":
		return "", proxywasm.SetUpstreamOverrideHost([]byte(arg(1)))
	case "tick":
		return "", proxywasm.SetTickPeriodMilliSeconds(uint32(n))
	case "set":
		return "", proxywasm.SetSharedData(arg(1), []byte(arg(2)), 0)
	case "cas": // key, value: sets with the number it was read with, then again with the old number
		_, cas, err := proxywasm.GetSharedData(arg(1))
		if err != nil {
			return "", err
		}
		if err := proxywasm.SetSharedData(arg(1), []byte(arg(2)), cas); err != nil {
			return "", err
		}
		return "", proxywasm.SetSharedData(arg(1), []byte(arg(2)), cas)
	case "get":
		b, _, err := proxywasm.GetSharedData(arg(1))
		return string(b), err
	case "register":
		id, err := proxywasm.RegisterSharedQueue(arg(1))
		queue[arg(1)] = id
		return fmt.Sprint(id), err
	case "resolve":
		id, err := proxywasm.ResolveSharedQueue("", arg(1))
		return fmt.Sprint(id), err
	case "enqueue":
		id, _ := proxywasm.ResolveSharedQueue("", arg(1))
		return "", proxywasm.EnqueueSharedQueue(id, []byte(arg(2)))
	case "dequeue":
		b, err := proxywasm.DequeueSharedQueue(queue[arg(1)])
		return string(b), err
	case "counter":
		m := proxywasm.DefineCounterMetric(arg(1))
		m.Increment(uint64(n2))
		return fmt.Sprint(uint32(m), " ", m.Value()), nil
	case "gauge":
		m := proxywasm.DefineGaugeMetric(arg(1))
		m.Add(int64(n2))
		return fmt.Sprint(uint32(m), " ", m.Value()), nil
	case "histogram":
		m := proxywasm.DefineHistogramMetric(arg(1))
		m.Record(uint64(n2))
		return fmt.Sprint(uint32(m)), nil
	case "count":
		counted++
		return fmt.Sprint(counted), nil
	case "env":
		return os.Getenv(words[1]), nil
	case "done":
		proxywasm.PluginDone()
		return "", nil
	case "grow":
		kept = append(kept, make([]byte, n<<20))
		return "", nil
	case "print":
		fmt.Println(arg(1))
		return "", nil
	case "panic":
		panic("asked to")
	}
	return "", errors.New("unknown command")
}

var kept [][]byte
