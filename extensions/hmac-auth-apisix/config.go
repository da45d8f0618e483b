package main

import (
	"errors"
	"math"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"github.com/wasmplane/wasmplane/extensions/internal/consumers"
	"github.com/wasmplane/wasmplane/extensions/internal/field"
	"github.com/wasmplane/wasmplane/extensions/internal/httpheader"
	"github.com/wasmplane/wasmplane/extensions/internal/signature"
	"github.com/wasmplane/wasmplane/pkg/log"
)

const pluginName = "hmac-auth-apisix"

// defaultSkew is how far dates may be off, in seconds.
const defaultSkew = 300

// Config is the global configuration, or that of a rule.
type Config = consumers.Config[authentication]

// authentication is what the configuration asks of a request.
type authentication struct {
	callers    map[string]*caller // by access key
	names      map[string]bool    // of callers
	algorithms map[string]signature.Algorithm
	now        func() time.Time
	window     time.Duration // how far dates may be off; 0: they are not looked at

	required []requirement
	strict   bool // with a body, its digest must be signed

	validateBody bool
	maxBody      int64 // 0: no limit but the gateway's

	replays     *signature.Replays // nil: not remembered
	nonceHeader string             // in lower case

	hide      bool   // remove Authorization before forwarding
	anonymous string // name of callers that nobody knows; "" to refuse them
}

// requirement is a header that must be signed.
type requirement struct {
	name    string // in lower case
	refusal consumers.Refusal
}

func newTable(now func() time.Time) *consumers.Table[authentication] {
	return &consumers.Table[authentication]{
		Plugin:          pluginName,
		BareRule:        consumers.BareRuleFollowsGlobal,
		ChecksUnmatched: true,
		IgnoresDisable:  true,
		Ignored: []string{"consumers", "allowed_algorithms", "clock_skew", "signed_headers", "require_signed",
			"validate_request_body", "max_req_body_size", "replay_protection", "nonce_header", "replay_capacity",
			"hide_credentials", "anonymous_consumer"},
		Known: func(auth *authentication, name string) bool { return auth.names[name] },
		Parse: func(o field.Object) (*authentication, error) {
			return parseAuthentication(o, now)
		},
	}
}

func parseAuthentication(o field.Object, now func() time.Time) (*authentication, error) {
	auth := &authentication{now: now}
	var err error
	if err = auth.parseCallers(o); err != nil {
		return nil, err
	}
	if err = auth.parseAlgorithms(o); err != nil {
		return nil, err
	}
	if auth.window, err = parseWindow(o); err != nil {
		return nil, err
	}
	if err = auth.parseBody(o); err != nil {
		return nil, err
	}
	if auth.hide, _, err = o.Bool("hide_credentials"); err != nil {
		return nil, err
	}
	if auth.anonymous, _, err = consumers.Scalar(o, "anonymous_consumer"); err != nil {
		return nil, err
	}
	if err = consumers.FitsHeader(o, "anonymous_consumer", auth.anonymous); err != nil {
		return nil, err
	}
	return auth, auth.parseRequired(o)
}

func (a *authentication) parseAlgorithms(o field.Object) error {
	known := map[string]signature.Algorithm{
		"hmac-sha1": signature.SHA1, "hmac-sha256": signature.SHA256, "hmac-sha512": signature.SHA512,
	}
	names, _, err := o.Strings("allowed_algorithms")
	if err != nil {
		return err
	}
	if len(names) == 0 {
		a.algorithms = known
		return nil
	}
	a.algorithms = make(map[string]signature.Algorithm, len(names))
	for _, name := range names {
		algorithm, there := known[name]
		if !there {
			return errors.New("invalid allowed_algorithm: " + name + ". Must be one of: hmac-sha1, hmac-sha256, hmac-sha512")
		}
		a.algorithms[name] = algorithm
	}
	return nil
}

// parseWindow reads clock_skew, a number or a string of digits; of a fraction the whole part counts. The difference is
// counted in whole seconds, too: just under one more is not more.
func parseWindow(o field.Object) (time.Duration, error) {
	const rest = time.Second - 1
	v := o.Get("clock_skew")
	if !v.Exists() {
		return defaultSkew*time.Second + rest, nil
	}
	seconds := v.Num
	if v.Type != gjson.Number {
		n, _, err := o.Int("clock_skew", math.MinInt64, math.MaxInt64)
		if err != nil {
			return 0, err
		}
		seconds = float64(n)
	}
	if seconds < 1 {
		log.Warn("clock_skew: the dates of requests are not looked at")
		return 0, nil
	}
	return time.Duration(min(seconds, signature.MaxWindow))*time.Second + rest, nil
}

func (a *authentication) parseBody(o field.Object) error {
	var err error
	if a.validateBody, _, err = o.Bool("validate_request_body"); err != nil {
		return err
	}
	if a.maxBody, _, err = o.Int("max_req_body_size", 1, math.MaxInt32); err != nil {
		return err
	}
	if a.maxBody > 0 && !a.validateBody {
		return o.FieldError("max_req_body_size", "needs validate_request_body")
	}
	return nil
}

// parseRequired reads what must be signed: what the configuration lists, and what its other fields need.
func (a *authentication) parseRequired(o field.Object) error {
	listed, _, err := o.Strings("signed_headers")
	if err != nil {
		return err
	}
	level, err := o.Enum("require_signed", "strict")
	if err != nil {
		return err
	}
	a.strict = level == "strict"
	if a.strict {
		listed = append(listed, requestTarget, "date")
	}
	if a.replays, err = signature.ParseReplays(o, pluginName, "clock_skew", a.window); err != nil {
		return err
	}
	if listed, err = a.parseNonce(o, listed); err != nil {
		return err
	}
	for _, name := range listed {
		a.require(name)
	}
	if a.window > 0 && !a.requires("date") {
		log.Warn("signed_headers: without date, the date of a request that was listened to can be replaced")
	}
	if a.validateBody && !a.strict && !a.requires("digest") {
		log.Warn("signed_headers: without digest, the body of a request that was listened to can be replaced")
	}
	return nil
}

func (a *authentication) parseNonce(o field.Object, listed []string) ([]string, error) {
	name, set, err := o.String("nonce_header")
	if err != nil {
		return nil, err
	}
	if !set {
		name = "x-nonce"
	}
	if !httpheader.IsNameOrPseudo(name) {
		return nil, httpheader.NameError(o, "nonce_header")
	}
	a.nonceHeader = strings.ToLower(name)
	if a.replays == nil {
		return listed, nil
	}
	if a.replays.Nonce {
		listed = append(listed, name)
	}
	return append(listed, "date"), nil
}

func (a *authentication) require(name string) {
	if a.requires(strings.ToLower(name)) {
		return
	}
	a.required = append(a.required, requirement{strings.ToLower(name), notSigned(name)})
}

func (a *authentication) requires(name string) bool {
	for i := range a.required {
		if a.required[i].name == name {
			return true
		}
	}
	return false
}
