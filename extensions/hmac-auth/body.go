package main

import (
	"crypto/md5"
	"encoding/base64"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"

	"github.com/wasmplane/wasmplane/extensions/internal/signature"
	"github.com/wasmplane/wasmplane/pkg/log"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

// passBody lets a request through whose body is not looked at, unless it needs a digest.
func passBody(ctx wrapper.HttpContext, config *Config, r *request) types.Action {
	if config.Auth.requireMD5 {
		body, err := signature.BodyOf(ctx, r.headers, 0)
		if err != nil {
			return config.Fail("content-length cannot be set", err)
		}
		if body != signature.NoBody {
			log.Warn("the body has no content-md5")
			return headerNotSigned.Send()
		}
	}
	ctx.DontReadRequestBody()
	return admit(config, r)
}

// awaitBody holds the headers until the body is there: it is a form, or has a digest to be compared with. What has no
// body is judged at once.
func awaitBody(ctx wrapper.HttpContext, config *Config, r *request) types.Action {
	body, err := signature.BodyOf(ctx, r.headers, config.Auth.maxBody)
	if err != nil {
		return config.Fail("content-length cannot be set", err)
	}
	switch body {
	case signature.NoBody:
		ctx.DontReadRequestBody()
		return judgeBody(config, r, nil)
	case signature.TooLarge:
		return bodyTooLarge.Send()
	case signature.Unusable:
		log.Warn("the request asks for another protocol, and may have a body")
		return invalidSignature.Send()
	}
	return signature.Hold(ctx, r)
}

// judgeBody compares the digest, verifies the signature of a form, and lets the request through.
func judgeBody(config *Config, r *request, body []byte) types.Action {
	if int64(len(body)) > config.Auth.maxBody {
		return bodyTooLarge.Send()
	}
	if r.md5 != "" && (len(body) == 0 || !signature.Same(digest(body), r.md5)) {
		log.Warn("the body is not the one that content-md5 is of")
		return invalidContentMD5.Send()
	}
	if r.form {
		if ok, text := config.Auth.verify(r, string(body)); !ok {
			log.Warn("the signature of the request is wrong")
			return config.Auth.refuseSignature(text)
		}
	}
	return admit(config, r)
}

func digest(body []byte) string {
	sum := md5.Sum(body)
	return base64.StdEncoding.EncodeToString(sum[:])
}
