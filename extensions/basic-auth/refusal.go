package main

import "github.com/wasmplane/wasmplane/extensions/internal/consumers"

// refusals are the answers to requests that may not pass.
type refusals struct {
	noAuthData, badCredential, unauthorized consumers.Refusal
}

func newRefusals(realm string) refusals {
	headers := [][2]string{{"WWW-Authenticate", "Basic realm=" + realm}}
	return refusals{
		noAuthData: consumers.Refusal{Status: 401, Details: "basic-auth.no_auth_data", Headers: headers,
			Body: "Request denied by Basic Auth check. No Basic Authentication information found."},
		badCredential: consumers.Refusal{Status: 401, Details: "basic-auth.bad_credential", Headers: headers,
			Body: "Request denied by Basic Auth check. Invalid username and/or password."},
		unauthorized: consumers.Refusal{Status: 403, Details: "basic-auth.unauthorized", Headers: headers,
			Body: "Request denied by Basic Auth check. Unauthorized consumer."},
	}
}
