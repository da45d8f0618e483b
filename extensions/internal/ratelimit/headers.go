package ratelimit

import (
	"strconv"
	"strings"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm"
	"github.com/tidwall/gjson"

	"github.com/wasmplane/wasmplane/extensions/internal/field"
	"github.com/wasmplane/wasmplane/pkg/log"
)

// Names of the headers of draft-ietf-httpapi-ratelimit-headers-11.
const (
	limitHeader  = "RateLimit"
	policyHeader = "RateLimit-Policy"
)

// PolicyName returns a name as it stands in RateLimit headers, a String of RFC 9651 section 3.3.3. It can hold printable
// ASCII only: everything else becomes "_". The empty name is "default".
func PolicyName(name string) string {
	if name == "" {
		name = "default"
	}
	var quoted strings.Builder
	quoted.WriteByte('"')
	for _, c := range name {
		switch {
		case c < ' ' || c > '~':
			c = '_'
		case c == '"' || c == '\\':
			quoted.WriteByte('\\')
		}
		quoted.WriteByte(byte(c))
	}
	quoted.WriteByte('"')
	return quoted.String()
}

// Headers say which headers tell clients about their quota.
type Headers struct {
	Quota    bool   // X-RateLimit-Limit and X-RateLimit-Remaining
	Standard bool   // Retry-After, RateLimit and RateLimit-Policy
	name     string // of the policy, quoted
}

// ParseHeaders reads show_limit_quota_header and rate_limit_headers. name is that of the policy.
func ParseHeaders(json gjson.Result, name string) (Headers, error) {
	h := Headers{Quota: json.Get("show_limit_quota_header").Bool(), name: PolicyName(name)}
	var err error
	h.Standard, _, err = field.Of(json).Bool("rate_limit_headers")
	return h, err
}

// OfRefusal returns the headers of a refusal, sorted. withReset adds X-RateLimit-Reset, whatever else there is.
func (h *Headers) OfRefusal(limit *Limit, d *Decision, withReset bool) [][2]string {
	headers := make([][2]string, 0, 6)
	if h.Standard {
		headers = append(headers, [2]string{limitHeader, h.left(d)}, [2]string{policyHeader, h.policy(limit)},
			[2]string{"Retry-After", strconv.FormatInt(max(1, d.Reset), 10)})
	}
	if h.Quota {
		headers = append(headers, [2]string{"X-RateLimit-Limit", strconv.FormatInt(d.Quota, 10)},
			[2]string{"X-RateLimit-Remaining", "0"})
	}
	if withReset {
		headers = append(headers, [2]string{"X-RateLimit-Reset", strconv.FormatInt(d.Reset, 10)})
	}
	return headers
}

// SetOnResponse sets the headers of the response to a request that passed. Call it in the handler of its headers.
func (h *Headers) SetOnResponse(limit *Limit, d *Decision) {
	if h.Quota {
		setResponseHeader("X-RateLimit-Limit", strconv.FormatInt(d.Quota, 10))
		setResponseHeader("X-RateLimit-Remaining", strconv.FormatInt(d.Remaining, 10))
	}
	if h.Standard {
		setResponseHeader(limitHeader, h.left(d))
		setResponseHeader(policyHeader, h.policy(limit))
	}
}

// Any tells whether responses get headers at all.
func (h *Headers) Any() bool { return h.Quota || h.Standard }

func setResponseHeader(name, value string) {
	if err := proxywasm.ReplaceHttpResponseHeader(name, value); err != nil {
		log.Error(name + " cannot be set: " + err.Error())
	}
}

// policy says how much of a quota there is, and in how many seconds it comes back.
func (h *Headers) policy(limit *Limit) string {
	return h.name + ";q=" + structured(limit.Quota()) + ";w=" + structured(limit.Period())
}

// left says how much of it is left, and in how many seconds there will be more.
func (h *Headers) left(d *Decision) string {
	return h.name + ";r=" + structured(d.Remaining) + ";t=" + structured(d.Reset)
}

// structured is an Integer of RFC 9651 section 3.3.1, which has fifteen digits at most.
func structured(n int64) string { return strconv.FormatInt(min(n, 999_999_999_999_999), 10) }
