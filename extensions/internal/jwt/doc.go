// Package jwt reads JSON Web Tokens (RFC 7519) in the compact form of a JWS (RFC 7515), for every plugin that takes one.
// It is strict where a second reader of the same token could see something else: Parse refuses base64url that is not
// canonical, padded or divided by line breaks, JSON with a member twice, deep nesting, invalid UTF-8, critical header
// parameters, encrypted and unsecured tokens, and whatever is longer than MaxSize. None of it costs more than a pass
// over the text.
//
// A token that Parse returns is not verified. Verify it before its claims count:
//
//   - with one shared secret: Token.VerifyHMAC. Only this package is needed, and the plugin stays small.
//   - with a JSON Web Key Set: package keys (Set.Verify), on go-jose.
//   - with a set that is fetched from an issuer: package remote, which gives a keys.Set.
//
// The usual course of a plugin:
//
//	token, err := jwt.Parse(text)
//	if err != nil { refuse }
//	if token.Claims.Check() != nil || issuer differs { refuse }  // cheap, so before the signature
//	if err := set.Verify(token); err != nil { refuse }
//	switch token.Claims.CheckTimes(now, skew) { ... }
//
// Claims are looked up by their exact names: "https://a.example/role" is a name, not a path.
//
// Sign makes a token with a shared secret.
package jwt
