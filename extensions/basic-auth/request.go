package main

import (
	"encoding/base64"
	"strings"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm"
	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"

	"github.com/wasmplane/wasmplane/extensions/internal/consumers"
	"github.com/wasmplane/wasmplane/pkg/log"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

const authorization = "authorization"

func onRequestHeaders(ctx wrapper.HttpContext, config Config) types.Action {
	headers, action, checked := config.Enter(ctx)
	if !checked {
		return action
	}
	auth := config.Auth
	credential, verdict := readCredential(headers)
	if verdict == credentialAbsent {
		log.Warn("the request has no user and password")
		return auth.refusals.noAuthData.Send()
	}
	consumer, known := "", false
	if verdict == credentialGiven {
		consumer, known = auth.credentials.find(credential)
	}
	if !known {
		log.Warn("the request's user and password are nobody's")
		return auth.refusals.badCredential.Send()
	}
	if !config.Allows(consumer) {
		log.Warn("consumer \"" + consumer + "\" is not allowed here")
		return auth.refusals.unauthorized.Send()
	}
	if auth.hide {
		if err := proxywasm.RemoveHttpRequestHeader(authorization); err != nil {
			return config.Fail("the credential cannot be removed", err)
		}
	}
	return config.Admit(headers, consumer)
}

// credentialState is what a request's credential is like.
type credentialState int

const (
	credentialGiven     credentialState = iota
	credentialAbsent                    // there is no Authorization, or it is of another scheme
	credentialMalformed                 // not to be read, or not to be trusted
)

// readCredential returns "user:password". The user holds no colon (RFC 7617 section 2), the password may.
func readCredential(headers [][2]string) (string, credentialState) {
	value, state := consumers.Credential(headers, authorization)
	if state == consumers.Unusable {
		return "", credentialMalformed
	}
	encoded, ok := consumers.CutScheme(value, "Basic")
	if state == consumers.Absent || !ok {
		return "", credentialAbsent
	}
	decoded, err := base64.StdEncoding.DecodeString(encoded)
	if credential := string(decoded); err == nil && strings.Contains(credential, ":") {
		return credential, credentialGiven
	}
	return "", credentialMalformed
}

// decodeBase64 decodes without padding.
func decodeBase64(text string) (string, error) {
	decoded, err := base64.RawStdEncoding.DecodeString(text)
	return string(decoded), err
}
