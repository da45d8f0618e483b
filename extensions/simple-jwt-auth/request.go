package main

import (
	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"

	"github.com/wasmplane/wasmplane/extensions/internal/consumers"
	"github.com/wasmplane/wasmplane/extensions/internal/jwt"
	"github.com/wasmplane/wasmplane/extensions/internal/refusal"
	"github.com/wasmplane/wasmplane/pkg/log"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

const (
	badConfig  = `{"code":400,"msg":"token or secret 不允许为空"}`
	authFailed = `{"code":401,"msg":"认证失败"}`
)

func onRequestHeaders(ctx wrapper.HttpContext, config Config) (action types.Action) {
	defer refusePanic(&action)
	if !config.usable() {
		return refusal.Send(401, "simple-jwt-auth.bad_config", nil, []byte(badConfig))
	}
	text, state := consumers.Credential(wrapper.RequestHeaders(ctx), config.header)
	if state != consumers.Given || !config.accepts(text, config.clock().Unix()) {
		return refuse()
	}
	return types.HeaderContinue
}

func refuse() types.Action {
	return refusal.Send(401, "simple-jwt-auth.auth_failed", nil, []byte(authFailed))
}

// refusePanic is deferred: a fault of the plugin lets nothing pass.
func refusePanic(action *types.Action) {
	if cause := recover(); cause != nil {
		log.Error(refusal.PanicText(cause))
		*action = refuse()
	}
}

// accepts tells whether a header's value is a token of the secret's and in force at a time, in seconds since 1970.
func (c *Config) accepts(text string, now int64) bool {
	token, err := jwt.Parse(text)
	return err == nil && token.VerifyHMAC(c.secret) && inForce(token.Claims, now)
}

// inForce compares exp, iat and nbf with a time, without tolerance. One that is absent or zero is not looked at.
func inForce(claims jwt.Object, now int64) bool {
	for _, name := range [...]string{"exp", "iat", "nbf"} {
		seconds, there, ok := claims.Seconds(name)
		if !ok {
			return false
		}
		if !there || seconds == 0 {
			continue
		}
		if expires := name == "exp"; expires && now > seconds || !expires && now < seconds {
			return false
		}
	}
	return true
}
