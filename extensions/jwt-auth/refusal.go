package main

import "github.com/wasmplane/wasmplane/extensions/internal/consumers"

var challenge = [][2]string{{"WWW-Authenticate", "JWT realm=" + consumers.DefaultRealm}}

// The answers to requests that may not pass.
var (
	missing = consumers.Refusal{Status: 401, Details: "jwt-auth.token_missing", Headers: challenge,
		Body: "Request denied by JWT Auth check. JWT is missing."}
	expired = consumers.Refusal{Status: 401, Details: "jwt-auth.token_expired", Headers: challenge,
		Body: "Request denied by JWT Auth check. JWT is expired."}
	unverified = consumers.Refusal{Status: 401, Details: "jwt-auth.verification_failed", Headers: challenge,
		Body: "Request denied by JWT Auth check. JWT verification fails"}
	unauthorized = consumers.Refusal{Status: 403, Details: "jwt-auth.unauthorized_customer", Headers: challenge,
		Body: "Request denied by JWT Auth check. Unauthorized consumer."}
	notAllowed = consumers.Refusal{Status: 403, Details: "jwt-auth.not_allowed_by_default", Headers: challenge,
		Body: "Request denied by JWT Auth check. JWT token not allow."}
	unavailable   = consumers.Refusal{Status: 503, Details: "jwt-auth.jwks_unavailable"}
	internalError = consumers.Refusal{Status: 401, Details: "jwt-auth.internal_error", Headers: challenge}
)
