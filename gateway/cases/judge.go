package cases

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// response compares what the client got.
func (v *verdict) response(field string, c *Case, x *Exchange, o *outcome) {
	want := x.Response
	if want == nil {
		want = &ExpectedResponse{}
	}
	switch {
	case o.problem != "":
		v.fail(field, "an exchange that comes to its end", o.problem)
		if o.head == nil {
			return
		}
	case want.Reset && o.reset == nil:
		v.fail(field+".reset", "a response that breaks off", "a complete one")
	case !want.Reset && o.reset != nil && !x.Request.Abort:
		v.fail(field, "a complete response", o.reset.Error())
	}
	if codes := append(slices.Clone(want.StatusCodes), want.StatusCode); slices.Max(codes) > 0 && !slices.Contains(codes, o.status()) {
		v.fail(field+".statusCode", codesText(want), statusText(o))
	}
	if o.head == nil {
		if !want.Headers.IsZero() || want.expectsBody() {
			v.fail(field, "a response", "none")
		}
		return
	}
	v.headers(field+".headers", want.Headers, o.head)
	v.absent(field+".absentHeaders", want.AbsentHeaders, o.head)
	v.headers(field+".trailers", want.Trailers, o.trailers)
	v.body(field, &want.BodyCheck, &o.body, c.generated()...)
	if want.Messages != nil && !slices.Equal(*want.Messages, o.messages) {
		v.fail(field+".messages", fmt.Sprintf("%q", *want.Messages), fmt.Sprintf("%q", o.messages))
	}
}

func (b *BodyCheck) expectsBody() bool {
	return b.Body != nil || b.BodyBase64 != nil || b.BodyFile != "" || len(b.BodyContains) > 0 || b.BodyMatches != "" ||
		b.BodyJSON != nil || b.BodySize != nil
}

func codesText(want *ExpectedResponse) string {
	if want.StatusCode != 0 {
		return strconv.Itoa(want.StatusCode)
	}
	return "one of " + strings.Trim(fmt.Sprint(want.StatusCodes), "[]")
}

func statusText(o *outcome) string {
	if o.head == nil {
		return "no response"
	}
	return strconv.Itoa(o.status())
}

// accessLog compares the access log line of a request.
func (s *stepRun) accessLog(ctx context.Context, x *Exchange, o *outcome) {
	var details *Text
	if x.Response != nil {
		details = x.Response.Details
	}
	if details == nil && len(x.AccessLog) == 0 {
		return
	}
	raw, err := o.engine.AccessLog(ctx, o.id)
	if err != nil {
		s.fail("accessLog", "a line", err.Error())
		return
	}
	line := plainJSON(raw)
	if details != nil {
		got, _ := line["response_code_details"].(string)
		last := got[strings.LastIndex(got, "::")+1:]
		if !details.Matches(got) && !details.Matches(strings.TrimPrefix(last, ":")) {
			s.fail("response.details", quote(details.Value), quote(got))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(x.AccessLog)) {
		value, ok := line[name]
		if !ok {
			s.fail("accessLog."+name, compact(x.AccessLog[name]), "absent")
			continue
		}
		for _, m := range jsonPart("accessLog."+name, x.AccessLog[name], value) {
			s.fail(m.path, m.expected, m.actual)
		}
	}
}

// plainJSON gives the line's values the types of JSON, whatever structures the engine uses.
func plainJSON(line map[string]any) map[string]any {
	data, err := json.Marshal(line)
	if err != nil {
		return line
	}
	value, err := parseJSON(data)
	out, ok := value.(map[string]any)
	if err != nil || !ok {
		return line
	}
	return out
}

// upstreams compares what backend and other services received.
func (s *stepRun) upstreams(ctx context.Context) {
	if s.x.NotForwarded || s.x.Callouts != nil && len(*s.x.Callouts) == 0 {
		s.settle(ctx)
	}
	want := s.x.ExpectedRequest
	wanted := 0
	if want != nil {
		wanted = len(s.outcomes)
		if len(s.x.Counts) > 0 {
			wanted = min(wanted, 1)
		}
	}
	calls := 0
	if s.x.Callouts != nil {
		calls = len(*s.x.Callouts)
	}
	var forwarded, callouts []record
	records := s.run.stage.recorder.await(ctx, func(records []*record) bool {
		f, c := 0, 0
		for _, rec := range records {
			if !rec.complete && rec.broken == nil {
				if want != nil || calls > 0 {
					return false
				}
				continue
			}
			if s.isForwarded(rec) {
				f++
			} else {
				c++
			}
		}
		return f >= wanted && c >= calls
	})
	for _, rec := range records {
		if s.isForwarded(&rec) {
			forwarded = append(forwarded, rec)
		} else {
			callouts = append(callouts, rec)
		}
	}
	s.forwarded(forwarded, wanted)
	if s.x.Callouts != nil {
		s.callouts(*s.x.Callouts, callouts)
	}
}

// settleTime bounds how long the end of a stream is waited for where the absence of requests is to be seen.
const settleTime = time.Second

// settle waits until the engine is through with the requests, so that nothing more is sent because of them.
func (s *stepRun) settle(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, settleTime)
	defer cancel()
	for _, o := range s.outcomes {
		if _, err := o.engine.AccessLog(ctx, o.id); err != nil {
			return
		}
	}
}

// isForwarded tells a forwarded request from a call-out. At a service behind a route, what came without the x-request-id
// of the step counts as a call-out only where the step expects call-outs to that service.
func (s *stepRun) isForwarded(rec *record) bool {
	if rec.command != nil || !s.c.isBackend(rec.service) {
		return false
	}
	if s.x.Callouts == nil || !slices.ContainsFunc(*s.x.Callouts, func(c Callout) bool { return c.Service == rec.service }) {
		return true
	}
	return slices.ContainsFunc(s.outcomes, func(o *outcome) bool { return o.id == rec.requestID() })
}

func (s *stepRun) forwarded(records []record, wanted int) {
	if s.x.NotForwarded {
		if len(records) > 0 {
			s.fail("notForwarded", "no request at the backend", list(records))
		}
		for _, o := range s.outcomes {
			s.run.stage.recorder.forbid(o.id)
		}
	}
	if s.x.ExpectedRequest == nil {
		return
	}
	if len(records) < wanted || len(records) == 0 {
		s.fail("expectedRequest", fmt.Sprintf("%d at the backend", wanted), fmt.Sprintf("%d", len(records)))
		return
	}
	for i := range records {
		before := len(s.failures)
		x := s.requestOf(&records[i])
		s.received("expectedRequest", x.ExpectedRequest, &records[i], x.Request.generated()...)
		if len(s.failures) > before {
			return
		}
	}
}

// received compares a request that a service received.
func (v *verdict) received(field string, want *ExpectedRequest, got *record, generated ...int64) {
	if got.broken != nil {
		v.fail(field, "a complete request", got.broken.Error())
	}
	if method := got.head.Value(":method"); want.Method != "" && want.Method != method {
		v.fail(field+".method", want.Method, method)
	}
	v.text(field+".host", want.Host, got.head.Value(":authority"))
	v.text(field+".path", want.Path, got.head.Value(":path"))
	v.headers(field+".headers", want.Headers, got.head)
	v.absent(field+".absentHeaders", want.AbsentHeaders, got.head)
	v.headers(field+".trailers", want.Trailers, got.trailers)
	v.body(field, &want.BodyCheck, &got.body, generated...)
}

func (s *stepRun) callouts(want []Callout, got []record) {
	if len(want) != len(got) {
		s.fail("callouts", calloutsText(want), list(got))
		return
	}
	if !s.x.CalloutsInAnyOrder {
		for i := range want {
			s.failures = append(s.failures, judgeCallout(fmt.Sprintf("callouts[%d]", i), &want[i], &got[i])...)
		}
		return
	}
	left := slices.Clone(got)
	for i := range want {
		field := fmt.Sprintf("callouts[%d]", i)
		k := slices.IndexFunc(left, func(rec record) bool { return len(judgeCallout(field, &want[i], &rec)) == 0 })
		if k < 0 {
			s.fail(field, calloutsText(want[i:i+1]), "none of "+list(left))
			continue
		}
		left = slices.Delete(left, k, k+1)
	}
}

func judgeCallout(field string, want *Callout, got *record) []Failure {
	v := &verdict{}
	switch {
	case want.Service != got.service:
		v.fail(field+".service", want.Service, got.String())
	case want.Command != nil && !commandMatches(want.Command, got.command):
		v.fail(field+".command", fmt.Sprintf("%q", plain(want.Command)), fmt.Sprintf("%q", got.command))
	case want.Request != nil:
		v.received(field+".request", want.Request, got)
	}
	return v.failures
}

func calloutsText(want []Callout) string {
	var parts []string
	for _, call := range want {
		text := call.Service
		if call.Request != nil {
			text = strings.TrimRight(fmt.Sprintf("%s %s %s", text, call.Request.Method, textOf(call.Request.Path)), " ")
		}
		if call.Command != nil {
			text += " " + strings.Join(plain(call.Command), " ")
		}
		parts = append(parts, text)
	}
	return listText(parts)
}

func textOf(t *Text) string {
	if t == nil {
		return ""
	}
	return t.Value
}

func list(records []record) string {
	var parts []string
	for _, rec := range records {
		parts = append(parts, rec.String())
	}
	return listText(parts)
}

func listText(parts []string) string {
	if len(parts) == 0 {
		return "none"
	}
	return fmt.Sprintf("%d: %s", len(parts), strings.Join(parts, "; "))
}
