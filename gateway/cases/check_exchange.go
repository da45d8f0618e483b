package cases

import (
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strconv"
	"strings"
)

func (c *checker) exchange(path string, x *Exchange, k *Case) {
	c.duration(path+".wait", x.Wait)
	c.duration(path+".timeout", x.Timeout)
	for i, command := range x.RedisBefore {
		at := fmt.Sprintf("%s.redisBefore[%d]", path, i)
		if len(command) == 0 {
			c.fail(at, "must not be empty")
		}
		c.words(at, command)
	}
	for name, n := range map[string]int{"repeat": x.Repeat, "parallel": x.Parallel} {
		if n < 0 {
			c.fail(path+"."+name, "must not be negative")
		}
	}
	if x.Request == nil {
		c.withoutRequest(path, x)
	} else {
		c.request(path+".request", x.Request)
	}
	c.counts(path, x)
	if r := x.Response; r != nil {
		c.response(path+".response", r, x)
	}
	if r := x.ExpectedRequest; r != nil {
		c.expectedRequest(path+".expectedRequest", r)
		if x.NotForwarded {
			c.fail(path+".notForwarded", "cannot be set besides expectedRequest")
		}
	}
	if x.Callouts != nil {
		for i := range *x.Callouts {
			c.callout(fmt.Sprintf("%s.callouts[%d]", path, i), &(*x.Callouts)[i], k)
		}
	} else if x.CalloutsInAnyOrder {
		c.fail(path+".calloutsInAnyOrder", "needs callouts")
	}
	for i, check := range x.Redis {
		at := fmt.Sprintf("%s.redis[%d]", path, i)
		if len(check.Command) == 0 {
			c.fail(at+".command", "must not be empty")
		}
		c.words(at+".command", check.Command)
		if problem := replyProblem(check.Reply); problem != "" {
			c.fail(at+".reply", "%s", problem)
		}
	}
	for name, value := range x.AccessLog {
		if problem := patternProblem(value); problem != "" {
			c.fail(path+".accessLog."+name, "%s", problem)
		}
	}
	c.capture(path, x)
	c.gateways(path, x)
	c.texts(path+".log", x.Log)
	c.texts(path+".logAbsent", x.LogAbsent)
	if !x.asserts() {
		c.fail(path, "asserts nothing: must have response, expectedRequest, notForwarded, callouts, counts, redis, accessLog, log, logAbsent or capture")
	}
}

func (x *Exchange) asserts() bool {
	return x.Response != nil && !reflect.ValueOf(*x.Response).IsZero() ||
		x.ExpectedRequest != nil && !reflect.ValueOf(*x.ExpectedRequest).IsZero() ||
		x.NotForwarded || x.Callouts != nil || len(x.Capture) > 0 || len(x.Counts) > 0 || len(x.Redis) > 0 || len(x.AccessLog) > 0 ||
		len(x.Log) > 0 || len(x.LogAbsent) > 0
}

// withoutRequest checks a step that only looks: at Redis, at call-outs made in the background, or at the log.
func (c *checker) withoutRequest(path string, x *Exchange) {
	if x.Response != nil || x.Repeat > 0 || x.Parallel > 0 || len(x.Counts) > 0 || len(x.AccessLog) > 0 || x.NotForwarded || x.ExpectedRequest != nil {
		c.fail(path+".request", "must be set: what is expected comes of a request")
	}
}

func (c *checker) counts(path string, x *Exchange) {
	if len(x.Counts) == 0 {
		return
	}
	sum := 0
	for status, n := range x.Counts {
		if code, err := strconv.Atoi(status); err != nil || code < 100 || code > 999 {
			c.fail(path+".counts", "%q is no status code", status)
		}
		if n < 0 {
			c.fail(path+".counts", "%s: must not be negative", status)
		}
		sum += n
	}
	if x.Request != nil && sum != x.times() {
		c.fail(path+".counts", "add up to %d, but the request is sent %d times", sum, x.times())
	}
	if x.Response != nil && (x.Response.StatusCode != 0 || len(x.Response.StatusCodes) > 0) {
		c.fail(path+".counts", "cannot be set besides response.statusCode or response.statusCodes")
	}
}

// times is how often the request is sent.
func (x *Exchange) times() int {
	times := max(1, x.Repeat, x.Parallel)
	if x.Request != nil {
		times = max(times, x.Request.turns())
	}
	return times
}

func (c *checker) words(path string, command []Text) {
	for i, word := range command {
		if word.problem != "" {
			c.fail(fmt.Sprintf("%s[%d]", path, i), "%s", word.problem)
		}
	}
}

var methodName = regexp.MustCompile(`^[!#$%&'*+.^_|~0-9A-Za-z-]+$`)

func (c *checker) request(path string, r *Request) {
	if r.Method != "" && !methodName.MatchString(r.Method) {
		c.fail(path+".method", "must be a method, not %q", r.Method)
	}
	if r.Method == "" && (r.hasBody() || r.Chunks != nil) {
		c.fail(path+".method", "must be set: the request has a body")
	}
	if strings.ContainsFunc(r.Path, isBreak) || r.Path != "" && r.Path[0] != '/' && r.Path != "*" && !strings.HasPrefix(r.Path, "http") {
		c.fail(path+".path", "must be a request target without spaces that begins with a slash, not %q", r.Path)
	}
	if strings.ContainsFunc(r.Host, isBreak) {
		c.fail(path+".host", "must not contain spaces or control characters")
	}
	c.sentHeaders(path+".headers", r.Headers)
	c.sentHeaders(path+".trailers", r.Trailers)
	c.payload(path, &r.Payload, r.Chunks)
	c.chunks(path+".chunks", r.Chunks, true)
	c.oneOf(path+".protocol", r.Protocol, "HTTP/1.0", "HTTP/1.1", "HTTP/2")
	c.connection(path, r)
	if r.Protocol == "HTTP/1.0" && (r.Chunks != nil || r.Chunked || !r.Trailers.IsZero()) {
		c.fail(path+".protocol", "HTTP/1.0 has neither chunks nor trailers")
	}
	if !r.Trailers.IsZero() && !r.hasBody() && r.Chunks == nil {
		c.fail(path+".trailers", "need a body or chunks")
	}
	if n := len(r.Chunks); r.Abort && (n == 0 || !r.Chunks[n-1].WaitForBackend.active()) {
		c.fail(path+".abort", "needs chunks, of which the last waits for the backend: otherwise nothing may have left yet")
	}
	if r.Websocket != nil && (r.hasBody() || r.Chunks != nil || r.Protocol != "" && r.Protocol != "HTTP/1.1") {
		c.fail(path+".websocket", "needs HTTP/1.1 and no body")
	}
}

func isBreak(r rune) bool { return r <= ' ' || r == 0x7f }

func (c *checker) sentHeaders(path string, h Headers) {
	if h.problem != "" {
		c.fail(path, "%s", h.problem)
	}
	for _, entry := range h.List {
		if !methodName.MatchString(entry.Name) {
			c.fail(path, "%q is no header name", entry.Name)
		}
		for _, v := range entry.Values {
			if v.problem != "" && !strings.HasPrefix(v.Value, "~") {
				c.fail(path+"["+entry.Name+"]", "%s", v.problem)
			}
			if strings.ContainsAny(v.Value, "\r\n\x00") {
				c.fail(path+"["+entry.Name+"]", "must not contain line breaks")
			}
		}
	}
}

func (c *checker) expectedHeaders(path string, h Headers) {
	if h.problem != "" {
		c.fail(path, "%s", h.problem)
	}
	for _, entry := range h.List {
		c.texts(path+"["+entry.Name+"]", entry.Values)
	}
}

func (c *checker) payload(path string, p *Payload, chunks []Chunk) {
	set := 0
	for _, is := range []bool{p.Body != nil, p.BodyBase64 != nil, p.BodyFile != "", p.BodySize != nil, chunks != nil} {
		if is {
			set++
		}
	}
	if set > 1 {
		c.fail(path, "only one of body, bodyBase64, bodyFile, bodySize and chunks can be set")
	}
	if p.BodySize != nil && (*p.BodySize < 0 || *p.BodySize > 1<<30) {
		c.fail(path+".bodySize", "must be between 0 and 1 GiB")
	}
	p.content = c.content(path, p.BodyBase64, p.BodyFile)
	c.split(path, p)
	if p.Chunked && !p.hasBody() {
		c.fail(path+".chunked", "needs a body")
	}
}

func (c *checker) content(path string, encoded *string, file string) []byte {
	if encoded != nil {
		content, err := base64.StdEncoding.DecodeString(*encoded)
		if err != nil {
			c.fail(path+".bodyBase64", "%v", err)
		}
		return content
	}
	if file == "" {
		return nil
	}
	content, err := os.ReadFile(filepath.Join(c.dir, file))
	if err != nil {
		c.fail(path+".bodyFile", "%v", err)
	}
	return content
}

func (c *checker) chunks(path string, chunks []Chunk, request bool) {
	for i := range chunks {
		chunk, at := &chunks[i], fmt.Sprintf("%s[%d]", path, i)
		c.duration(at+".after", chunk.After)
		own, ownName, other, otherName := chunk.WaitForClient, "waitForClient", chunk.WaitForBackend, "waitForBackend"
		if request {
			own, ownName, other, otherName = other, otherName, own, ownName
		}
		if own != nil && own.problem != "" {
			c.fail(at+"."+ownName, "%s", own.problem)
		}
		if other != nil {
			c.fail(at+"."+otherName, "is for the other direction")
		}
		if chunk.Data != "" && chunk.DataBase64 != "" {
			c.fail(at, "only one of data and dataBase64 can be set")
		}
		chunk.content = []byte(chunk.Data)
		if chunk.DataBase64 != "" {
			var err error
			if chunk.content, err = base64.StdEncoding.DecodeString(chunk.DataBase64); err != nil {
				c.fail(at+".dataBase64", "%v", err)
			}
		}
	}
}

func (c *checker) response(path string, r *ExpectedResponse, x *Exchange) {
	for _, code := range append([]int{r.StatusCode}, r.StatusCodes...) {
		if code != 0 && (code < 100 || code > 999) {
			c.fail(path+".statusCode", "must be between 100 and 999, not %d", code)
		}
	}
	if r.StatusCode != 0 && len(r.StatusCodes) > 0 {
		c.fail(path+".statusCodes", "cannot be set besides statusCode")
	}
	c.expectedHeaders(path+".headers", r.Headers)
	c.expectedHeaders(path+".trailers", r.Trailers)
	c.bodyCheck(path, &r.BodyCheck)
	c.text(path+".details", r.Details)
	if r.Messages != nil && (x.Request == nil || x.Request.Websocket == nil) {
		c.fail(path+".messages", "needs request.websocket")
	}
}

func (c *checker) expectedRequest(path string, r *ExpectedRequest) {
	c.text(path+".host", r.Host)
	c.text(path+".path", r.Path)
	c.expectedHeaders(path+".headers", r.Headers)
	c.expectedHeaders(path+".trailers", r.Trailers)
	c.bodyCheck(path, &r.BodyCheck)
}

func (c *checker) bodyCheck(path string, b *BodyCheck) {
	set := 0
	for _, is := range []bool{b.Body != nil, b.BodyBase64 != nil, b.BodyFile != ""} {
		if is {
			set++
		}
	}
	if set > 1 {
		c.fail(path, "only one of body, bodyBase64 and bodyFile can be set")
	}
	b.content = c.content(path, b.BodyBase64, b.BodyFile)
	if _, err := regexp.Compile(b.BodyMatches); err != nil {
		c.fail(path+".bodyMatches", "%v", err)
	}
	if b.BodyJSON != nil {
		if problem := patternProblem(*b.BodyJSON); problem != "" {
			c.fail(path+".bodyJSON", "%s", problem)
		}
	}
}

func (c *checker) callout(path string, call *Callout, k *Case) {
	service := k.service(call.Service)
	switch {
	case service == nil:
		c.fail(path+".service", "%q is not among the services", call.Service)
	case service.Redis || service.Raw != nil || service.kind() == fixedService:
		c.fail(path+".service", "%s records nothing", call.Service)
	case len(service.Commands) > 0 && call.Request != nil:
		c.fail(path+".request", "%s is a Redis: expect a command", call.Service)
	case len(service.Commands) == 0 && call.Command != nil:
		c.fail(path+".command", "%s is no Redis: expect a request", call.Service)
	}
	c.texts(path+".command", call.Command)
	if call.Request != nil {
		c.expectedRequest(path+".request", call.Request)
	}
}

// hasBody reports whether there is a body, maybe an empty one.
func (p *Payload) hasBody() bool {
	return p.Body != nil || p.BodyBase64 != nil || p.BodyFile != "" || p.BodySize != nil
}
