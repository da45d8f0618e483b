package main

import (
	"slices"
	"strings"
	"time"

	"github.com/wasmplane/wasmplane/extensions/internal/consumers"
	"github.com/wasmplane/wasmplane/extensions/internal/field"
	"github.com/wasmplane/wasmplane/extensions/internal/httpheader"
	"github.com/wasmplane/wasmplane/extensions/internal/signature"
	"github.com/wasmplane/wasmplane/pkg/log"
)

const pluginName = "hmac-auth"

// defaultMaxBody is the largest body that is read, in bytes.
const defaultMaxBody = 32 << 20

// Config is the global configuration, or that of a rule.
type Config = consumers.Config[authentication]

// authentication is what a configuration, or a rule with callers of its own, asks of a request.
type authentication struct {
	callers map[string]caller // by app key
	now     func() time.Time
	window  time.Duration // how far dates may be off; 0: they are not looked at

	required         []string // headers that must be there and signed, in lower case
	requireMD5       bool     // every body that is no form needs its digest
	forbidSHA1       bool
	strictParameters bool
	maxBody          int64
	replays          *signature.Replays // nil: not remembered

	hideDetail bool // no x-ca-error-message
	hide       bool // remove the x-ca- headers before forwarding
}

func newTable(now func() time.Time) *consumers.Table[authentication] {
	return &consumers.Table[authentication]{
		Plugin:  pluginName,
		Own:     []string{"consumers", "credentials"},
		Ignored: []string{"date_offset"},
		Refused: []string{"required_headers", "replay_protection", "replay_capacity", "strict_parameters", "forbid_hmac_sha1",
			"max_body_bytes", "hide_error_detail", "hide_credentials"},
		BareRule: consumers.BareRuleDenies,
		Parse: func(o field.Object) (*authentication, error) {
			return parseAuthentication(o, now)
		},
	}
}

func parseAuthentication(o field.Object, now func() time.Time) (*authentication, error) {
	auth := &authentication{now: now}
	var err error
	if auth.callers, err = parseCallers(o); err != nil {
		return nil, err
	}
	offset, set, err := o.Int("date_offset", -signature.MaxWindow, signature.MaxWindow)
	if err != nil {
		return nil, err
	}
	if offset > 0 {
		auth.window = time.Duration(offset) * time.Second
	} else if set {
		log.Warn("date_offset: the dates of requests are not looked at")
	}
	if auth.maxBody, set, err = o.Int("max_body_bytes", 1, 1<<31-1); err != nil {
		return nil, err
	}
	if !set {
		auth.maxBody = defaultMaxBody
	}
	if auth.required, err = parseRequired(o); err != nil {
		return nil, err
	}
	all := len(auth.required)
	auth.required = slices.DeleteFunc(auth.required, func(name string) bool { return name == headerMD5 })
	auth.requireMD5 = len(auth.required) < all
	for _, s := range []struct {
		name  string
		value *bool
	}{
		{"forbid_hmac_sha1", &auth.forbidSHA1},
		{"strict_parameters", &auth.strictParameters},
		{"hide_error_detail", &auth.hideDetail},
		{"hide_credentials", &auth.hide},
	} {
		if *s.value, _, err = o.Bool(s.name); err != nil {
			return nil, err
		}
	}
	auth.replays, err = signature.ParseReplays(o, pluginName, "date_offset", auth.window)
	return auth, err
}

func parseRequired(o field.Object) ([]string, error) {
	names, _, err := o.Strings("required_headers")
	for i, name := range names {
		names[i] = strings.ToLower(name)
		if !httpheader.IsNameOrPseudo(name) {
			return nil, httpheader.NameError(o, field.Item("required_headers", i))
		}
		if names[i] == headerSignature || names[i] == headerNames {
			return nil, o.FieldError(field.Item("required_headers", i), "is never signed")
		}
	}
	return names, err
}
