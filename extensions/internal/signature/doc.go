// Package signature holds what the plugins that check HMAC signatures of requests have in common: hmac-auth and
// hmac-auth-apisix. It computes and compares signatures, looks at the headers and the body that are signed, judges the
// client's time, and remembers what was used before (Replays). What is signed, and in which form, is the plugin's
// business.
//
// Nothing here logs, or returns in an error, a secret, a signature or a body.
package signature
