package main

import "github.com/wasmplane/wasmplane/extensions/internal/consumers"

// refusals are the answers to requests that may not pass.
type refusals struct {
	noKey, severalKeys, unauthorized consumers.Refusal
}

func newRefusals(realm string) refusals {
	headers := [][2]string{{"WWW-Authenticate", "Key realm=" + realm}}
	return refusals{
		noKey: consumers.Refusal{Status: 401, Details: "key-auth.no_key", Headers: headers,
			Body: "Request denied by Key Auth check. No Key Authentication information found."},
		severalKeys: consumers.Refusal{Status: 401, Details: "key-auth.multi_key", Headers: headers,
			Body: "Request denied by Key Auth check. Multi Key Authentication information found."},
		unauthorized: consumers.Refusal{Status: 403, Details: "key-auth.unauthorized", Headers: headers,
			Body: "Request denied by Key Auth check. Unauthorized consumer."},
	}
}
