package main

import (
	"strconv"
	"time"

	"github.com/corazawaf/coraza/v3/types"
	"github.com/tidwall/gjson"

	"github.com/wasmplane/wasmplane/extensions/internal/field"
	"github.com/wasmplane/wasmplane/pkg/log"
)

// auditSettings is the field audit_log.
type auditSettings struct {
	all    bool            // every request; otherwise those that a rule with auditlog matched, or that were refused
	redact map[string]bool // further names of headers and parameters whose values are left out
}

func parseAudit(parent field.Object) (*auditSettings, error) {
	o, set, err := parent.Object("audit_log")
	if err != nil || !set {
		return nil, err
	}
	if err := onlyFields(o, "requests", "redact"); err != nil {
		return nil, err
	}
	which, err := o.Enum("requests", "relevant", "all")
	if err != nil {
		return nil, err
	}
	names, _, err := o.Strings("redact")
	if err != nil {
		return nil, err
	}
	a := &auditSettings{all: which == "all", redact: map[string]bool{}}
	for _, name := range names {
		a.redact[lower(name)] = true
	}
	return a, nil
}

// audited is what the engine's matches have besides their interface.
type audited interface{ Audit() bool }

// write writes the stream's record, one line of JSON, if it is to have one.
func (a *auditSettings) write(s *inspection) {
	var rules []types.MatchedRule
	for _, match := range s.tx.MatchedRules() {
		if m, ok := match.(audited); ok && m.Audit() {
			rules = append(rules, match)
		}
	}
	if !a.all && len(rules) == 0 && !s.answered {
		return
	}
	log.Warn("audit " + string(s.record(rules)))
}

func (s *inspection) record(rules []types.MatchedRule) []byte {
	r := &s.request
	out := make([]byte, 0, 1024)
	out = append(out, `{"time":`...)
	out = appendText(out, time.Now().UTC().Format(time.RFC3339Nano))
	out = appendMember(out, "transaction_id", s.tx.ID())
	out = appendMember(out, "client_ip", r.client)
	out = append(append(out, `,"client_port":`...), strconv.Itoa(r.clientPort)...)
	out = appendMember(out, "method", r.method)
	out = appendMember(out, "host", r.authority)
	out = appendMember(out, "uri", redactQuery(r.path, s.secret))
	out = appendMember(out, "protocol", r.protocol)
	out = append(append(out, `,"status":`...), strconv.Itoa(s.status)...)
	out = append(append(out, `,"refused":`...), strconv.FormatBool(s.answered)...)
	out = append(out, `,"request_headers":`...)
	out = s.appendHeaders(out, r.headers)
	out = append(out, `,"response_headers":`...)
	out = s.appendHeaders(out, s.responseHeaders)
	out = append(out, `,"rules":[`...)
	for i, match := range rules {
		if i > 0 {
			out = append(out, ',')
		}
		out = s.appendRule(out, match)
	}
	return append(out, "]}"...)
}

func (s *inspection) appendRule(out []byte, match types.MatchedRule) []byte {
	rule := match.Rule()
	out = append(append(out, `{"rule_id":`...), strconv.Itoa(rule.ID())...)
	out = append(append(out, `,"phase":`...), strconv.Itoa(int(rule.Phase()))...)
	out = appendMember(out, "severity", severityName(rule.Severity()))
	out = appendMember(out, "message", cut(ruleMessage(match, s.secret)))
	out = append(out, `,"matches":[`...)
	for i, data := range match.MatchedDatas() {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(out, `{"variable":`...)
		out = appendText(out, variableName(data, s.secret))
		out = append(appendMember(out, "data", cut(loggedData(match, data, s.secret))), '}')
	}
	out = append(out, `],"tags":[`...)
	for i, tag := range rule.Tags() {
		if i > 0 {
			out = append(out, ',')
		}
		out = appendText(out, tag)
	}
	return append(out, "]}"...)
}

func variableName(data types.MatchData, secret func(name string) bool) string {
	if data.Key() == "" {
		return data.Variable().Name()
	}
	if mentionsSecret(data.Key(), secret) {
		return data.Variable().Name() + ":" + redacted
	}
	return data.Variable().Name() + ":" + data.Key()
}

// appendHeaders writes pairs, as names may repeat.
func (s *inspection) appendHeaders(out []byte, headers [][2]string) []byte {
	out = append(out, '[')
	for i, h := range headers {
		if i > 0 {
			out = append(out, ',')
		}
		value := h[1]
		switch {
		case s.secret(h[0]):
			value = redacted
		case h[0] == ":path" || h[0] == "referer" || h[0] == "location":
			value = redactQuery(value, s.secret)
		}
		out = append(out, '[')
		out = appendText(out, h[0])
		out = append(out, ',')
		out = append(appendText(out, value), ']')
	}
	return append(out, ']')
}

func appendMember(out []byte, name, value string) []byte {
	out = append(out, ',')
	out = appendText(out, name)
	out = append(out, ':')
	return appendText(out, value)
}

func appendText(out []byte, text string) []byte { return gjson.AppendJSONString(out, text) }
