package main

import (
	"crypto/sha256"
	"encoding/base64"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"

	"github.com/wasmplane/wasmplane/extensions/internal/signature"
	"github.com/wasmplane/wasmplane/pkg/log"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

const headerDigest = "digest"

// awaitBody holds the headers until the body is there, if it is to be compared with its digest. What has no body passes
// without a digest, but not with a wrong one.
func awaitBody(ctx wrapper.HttpContext, config *Config, r *request) types.Action {
	auth := config.Auth
	if !auth.validateBody {
		ctx.DontReadRequestBody()
		return admit(config, r)
	}
	body, err := signature.BodyOf(ctx, r.headers, auth.maxBody)
	if err != nil {
		return config.Fail("content-length cannot be set", err)
	}
	if body == signature.NoBody {
		ctx.DontReadRequestBody()
		if _, presence := signature.Header(r.headers, headerDigest); presence == signature.Absent {
			return admit(config, r)
		}
		return judgeBody(config, r, nil)
	}
	if auth.strict && !r.isSigned(r.headers, headerDigest) {
		log.Warn("the digest of the body is not signed")
		return digestNotSigned.Send()
	}
	switch body {
	case signature.TooLarge:
		return bodyTooLarge.Send()
	case signature.Unusable:
		log.Warn("the request asks for another protocol, and may have a body")
		return badDigest.Send()
	}
	return signature.Hold(ctx, r)
}

// judgeBody compares the body with its digest, and lets the request through.
func judgeBody(config *Config, r *request, body []byte) types.Action {
	if limit := config.Auth.maxBody; limit > 0 && int64(len(body)) > limit {
		return bodyTooLarge.Send()
	}
	claimed, presence := signature.Header(r.headers, headerDigest)
	if presence != signature.Once || !signature.Same(claimed, digest(body)) {
		log.Warn("the body is not the one that the digest is of")
		return badDigest.Send()
	}
	return admit(config, r)
}

// digest is the value of the header Digest (RFC 3230) for a body.
func digest(body []byte) string {
	sum := sha256.Sum256(body)
	return "SHA-256=" + base64.StdEncoding.EncodeToString(sum[:])
}
