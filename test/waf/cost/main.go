// Command cost measures what the waf plugin costs with the Core Rule Set: memory of a VM, time of a request, and time
// against the size of a body, beside the same rules in the rule engine's own middleware. Run it in the module test:
//
//	go run ./waf/cost
//
// It runs the plugin on wazero, in one thread, and the middleware natively, so the ratio says what WebAssembly costs.
// Numbers of another machine differ, ratios much less. The column GETs is the plugin's time in that of a plain GET. The
// middleware has no max_argument_bytes: it examines what the plugin refuses.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	coreruleset "github.com/corazawaf/coraza-coreruleset/v4"
	"github.com/corazawaf/coraza/v3"
	txhttp "github.com/corazawaf/coraza/v3/http"

	"github.com/wasmplane/wasmplane/gateway/bench"
)

// directives are loaded by both. Responses are examined whatever their type.
var directives = []string{
	"Include @coraza.conf-recommended",
	"SecRuleEngine On",
	"Include @crs-setup.conf.example",
	`SecAction "id:190000,phase:1,pass,nolog,ctl:forceResponseBodyVariable=On"`,
	"Include @owasp_crs/*.conf",
	"SecRuleRemoveById 920350",
}

// patience is the time of a request after which no larger one of its kind is tried.
const patience = 2 * time.Second

func main() {
	plugin := flag.String("plugin", "../extensions/waf/plugin.wasm", "the built plugin")
	flag.Parse()
	if err := run(*plugin); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(plugin string) error {
	middleware, err := newMiddleware()
	if err != nil {
		return err
	}
	out := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(out, "request\tsize\tplugin\tGETs\tmiddleware\tratio\toutcome\tmemory of the VM\t")
	var get time.Duration
	for _, k := range kinds() {
		for size := k.from; size <= k.to; size *= 4 {
			p, err := measurePlugin(plugin, k, size)
			if err != nil {
				return fmt.Errorf("%s, %d bytes: %w", k.name, size, err)
			}
			m := measureMiddleware(middleware, k.request(size))
			if get == 0 {
				get = p.Median
			}
			fmt.Fprintf(out, "%s\t%s\t%s\t%.1f\t%s\t%.1f\t%s\t%.0f MiB\t\n", k.name, bytesText(size), rounded(p.Median),
				float64(p.Median)/float64(get), rounded(m), float64(p.Median)/float64(m), p.Outcome, float64(p.MemoryAfter)/(1<<20))
			if p.Median > patience {
				break
			}
		}
		if err := out.Flush(); err != nil { // each kind when it is done: it takes minutes
			return err
		}
	}
	return nil
}

// kind is a sort of request, of growing size.
type kind struct {
	name     string
	from, to int // bytes
	bound    int // max_argument_bytes
	request  func(size int) bench.Request
}

func kinds() []kind {
	const defaultBound = 64 << 10
	return []kind{
		{"a GET", 1, 1, defaultBound, func(int) bench.Request { return get() }},
		{"one argument, no bound", 1 << 10, 1 << 20, 0, argument},
		{"one argument", 64 << 10, 1 << 20, defaultBound, argument},
		{"fields of a multipart body", 1 << 10, 1 << 20, defaultBound, fields},
		{"a file's name", 1 << 10, 1 << 20, defaultBound, fileName},
		{"cookies", 1 << 10, 16 << 10, defaultBound, cookies},
		{"brackets of JSON", 1 << 10, 1 << 20, defaultBound, brackets},
		{"an upload", 1 << 10, 1 << 20, defaultBound, upload},
		{"a response", 1 << 10, 1 << 20, defaultBound, response},
	}
}

func get() bench.Request {
	return bench.Request{Headers: [][2]string{{":method", "GET"}, {":path", "/hello?name=value"}, {":authority", "shop.test"},
		{":scheme", "http"}, {"user-agent", "Mozilla/5.0 (X11; Linux x86_64)"}, {"accept", "*/*"}}}
}

func post(contentType, body string) bench.Request {
	r := get()
	r.Headers[0][1], r.Body = "POST", []byte(body)
	r.Headers = append(r.Headers, [2]string{"content-type", contentType}, [2]string{"content-length", fmt.Sprint(len(body))})
	return r
}

// text is prose, which no rule matches.
func text(size int) string {
	return strings.Repeat("lorem ipsum dolor sit amet consectetur ", size/39+1)[:size]
}

func argument(size int) bench.Request {
	return post("application/x-www-form-urlencoded", "comment="+strings.ReplaceAll(text(size), " ", "+"))
}

func upload(size int) bench.Request {
	return post("multipart/form-data; boundary=part", "--part\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\n\r\n"+
		text(size)+"\r\n--part--\r\n")
}

// fields are as many fields as there is room for.
func fields(size int) bench.Request {
	const field = "--part\r\ncontent-disposition: form-data; name=\"a\"\r\n\r\nlorem\r\n"
	return post("multipart/form-data; boundary=part", strings.Repeat(field, size/len(field))+"--part--\r\n")
}

func fileName(size int) bench.Request {
	return post("multipart/form-data; boundary=part", "--part\r\ncontent-disposition: form-data; name=\"file\"; filename=\""+
		text(size)+"\"\r\n\r\nlorem\r\n--part--\r\n")
}

// cookies are as many cookies as there is room for. Hosts bound the headers of a request, so there is no more to measure.
func cookies(size int) bench.Request {
	const cookie = "name=value"
	r := get()
	r.Headers = append(r.Headers, [2]string{"cookie", strings.TrimSuffix(strings.Repeat(cookie+"; ", size/(len(cookie)+2)), "; ")})
	return r
}

func brackets(size int) bench.Request {
	return post("application/json", strings.Repeat("[", size))
}

func response(size int) bench.Request {
	r := get()
	r.ResponseBody = []byte(text(size))
	return r
}

func measurePlugin(plugin string, k kind, size int) (bench.Result, error) {
	config, err := json.Marshal(map[string]any{"secRules": directives, "max_argument_bytes": k.bound})
	if err != nil {
		return bench.Result{}, err
	}
	results, err := bench.Run(context.Background(), []bench.Subject{{Path: plugin, Configuration: config}}, k.request(size),
		bench.Options{Requests: requests(size), Batch: 1, Rounds: 1, CacheDir: filepath.Join(os.TempDir(), "wasmplane-crs")})
	if err != nil {
		return bench.Result{}, err
	}
	return results[0], nil
}

// requests is how often a request of a size is measured.
func requests(size int) int { return min(max(256<<10/size, 3), 100) }

func newMiddleware() (http.Handler, error) {
	waf, err := coraza.NewWAF(coraza.NewWAFConfig().WithRootFS(coreruleset.FS).
		WithDirectives("SecRxPreFilter On\n" + strings.Join(directives, "\n") + "\nSecAuditEngine Off"))
	if err != nil {
		return nil, err
	}
	return txhttp.WrapHandler(waf, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		_, _ = w.Write(responseBody(r))
	})), nil
}

type responseKey struct{}

func responseBody(r *http.Request) []byte {
	body, _ := r.Context().Value(responseKey{}).([]byte)
	return body
}

// measureMiddleware returns the median time of a request.
func measureMiddleware(handler http.Handler, request bench.Request) time.Duration {
	var times []time.Duration
	for range requests(max(len(request.Body), len(request.ResponseBody), 1)) {
		r := httptest.NewRequest(request.Headers[0][1], "http://shop.test"+request.Headers[1][1], bytes.NewReader(request.Body))
		for _, h := range request.Headers[4:] {
			r.Header.Set(h[0], h[1])
		}
		r = r.WithContext(context.WithValue(r.Context(), responseKey{}, request.ResponseBody))
		start := time.Now()
		handler.ServeHTTP(httptest.NewRecorder(), r)
		times = append(times, time.Since(start))
	}
	return median(times)
}
