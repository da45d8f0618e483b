package keys

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wasmplane/wasmplane/extensions/internal/jwt"
	"github.com/wasmplane/wasmplane/extensions/internal/verified"
)

// The keys of the tests are made anew in each run.
var (
	rsaPrivate      = must(rsa.GenerateKey(rand.Reader, 2048))
	rsaOther        = must(rsa.GenerateKey(rand.Reader, 2048))
	p256Private     = must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	p384Private     = must(ecdsa.GenerateKey(elliptic.P384(), rand.Reader))
	p521Private     = must(ecdsa.GenerateKey(elliptic.P521(), rand.Reader))
	_, edPrivate, _ = ed25519.GenerateKey(rand.Reader)
	short           = []byte("short")
)

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

// jwk writes a key; more are members that are added or replaced, or removed with nil.
func jwk(t testing.TB, k any, more map[string]any) string {
	t.Helper()
	text, err := (&jose.JSONWebKey{Key: k}).MarshalJSON()
	require.NoError(t, err)
	var members map[string]any
	require.NoError(t, json.Unmarshal(text, &members))
	for name, value := range more {
		members[name] = value
		if value == nil {
			delete(members, name)
		}
	}
	text, err = json.Marshal(members)
	require.NoError(t, err)
	return string(text)
}

func set(t testing.TB, list ...string) *Set {
	t.Helper()
	s, _, err := Parse(`{"keys":[` + strings.Join(list, ",") + `]}`)
	require.NoError(t, err)
	return s
}

// token makes a signed token; HS* with secrets of any length.
func token(t testing.TB, algorithm jwt.Algorithm, k any, kid string) *jwt.Token {
	t.Helper()
	text := ""
	if secret, ok := k.([]byte); ok {
		header := `{"alg":"` + string(algorithm) + `"}`
		if kid != "" {
			header = `{"alg":"` + string(algorithm) + `","kid":"` + kid + `"}`
		}
		text = jwt.Sign(algorithm, secret, []byte(header), []byte(`{"sub":"a"}`))
	} else {
		options := &jose.SignerOptions{}
		if kid != "" {
			options.WithHeader("kid", kid)
		}
		signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.SignatureAlgorithm(algorithm), Key: k}, options)
		require.NoError(t, err)
		jws, err := signer.Sign([]byte(`{"sub":"a"}`))
		require.NoError(t, err)
		text = must(jws.CompactSerialize())
	}
	parsed, err := jwt.Parse(text)
	require.NoError(t, err)
	return parsed
}

func TestEveryAlgorithm(t *testing.T) {
	private := map[jwt.Algorithm]any{
		jwt.HS256: short, jwt.HS384: short, jwt.HS512: short,
		jwt.RS256: rsaPrivate, jwt.RS384: rsaPrivate, jwt.RS512: rsaPrivate,
		jwt.PS256: rsaPrivate, jwt.PS384: rsaPrivate, jwt.PS512: rsaPrivate,
		jwt.ES256: p256Private, jwt.ES384: p384Private, jwt.ES512: p521Private,
		jwt.EdDSA: edPrivate,
	}
	public := func(k any) any {
		if signer, ok := k.(crypto.Signer); ok {
			return signer.Public()
		}
		return k
	}
	for algorithm, k := range private {
		t.Run(string(algorithm), func(t *testing.T) {
			signed := token(t, algorithm, k, "")
			for other, verifying := range private {
				s := set(t, jwk(t, public(verifying), nil))
				err := s.Verify(signed)
				if sameKind(algorithm, other) {
					assert.NoError(t, err, other)
					assert.NoError(t, s.Verify(signed), "again")
					continue
				}
				assert.Equal(t, ErrNoKey, err, other)
			}
			named := set(t, jwk(t, public(k), map[string]any{"alg": string(algorithm)}))
			assert.NoError(t, named.Verify(signed))
		})
	}
}

// sameKind tells whether one key serves both algorithms.
func sameKind(a, b jwt.Algorithm) bool {
	rsa := func(x jwt.Algorithm) bool {
		return strings.HasPrefix(string(x), "RS") || strings.HasPrefix(string(x), "PS")
	}
	return a == b || a.HMAC() && b.HMAC() || rsa(a) && rsa(b)
}

func TestVerify(t *testing.T) {
	rsaPublic, otherPublic := jwk(t, &rsaPrivate.PublicKey, map[string]any{"kid": "one"}), jwk(t, &rsaOther.PublicKey, map[string]any{"kid": "two"})
	nameless := jwk(t, &rsaPrivate.PublicKey, nil)
	tests := []struct {
		name  string
		keys  []string
		token *jwt.Token
		want  error
	}{
		{"the key of that kid", []string{otherPublic, rsaPublic}, token(t, jwt.RS256, rsaPrivate, "one"), nil},
		{"the key of that kid alone counts", []string{otherPublic, rsaPublic}, token(t, jwt.RS256, rsaPrivate, "two"), jwt.ErrSignature},
		{"two keys of one kid", []string{jwk(t, &rsaOther.PublicKey, map[string]any{"kid": "one"}), rsaPublic}, token(t, jwt.RS256, rsaPrivate, "one"), nil},
		{"one kid for keys of two kinds", []string{jwk(t, &p256Private.PublicKey, map[string]any{"kid": "one"}), rsaPublic}, token(t, jwt.RS256, rsaPrivate, "one"), nil},
		{"a token without kid", []string{otherPublic, rsaPublic}, token(t, jwt.RS256, rsaPrivate, ""), nil},
		{"a kid that is nobody's", []string{otherPublic, rsaPublic}, token(t, jwt.RS256, rsaPrivate, "three"), nil},
		{"a key without kid, beside the one of that kid", []string{otherPublic, nameless}, token(t, jwt.RS256, rsaPrivate, "two"), nil},
		{"a kid in another case", []string{jwk(t, &rsaOther.PublicKey, map[string]any{"kid": "ONE"}), rsaPublic}, token(t, jwt.RS256, rsaPrivate, "one"), nil},
		{"a kid that is a path", []string{rsaPublic}, token(t, jwt.RS256, rsaOther, "../../dev/null"), jwt.ErrSignature},
		{"the key's own algorithm is another one", []string{jwk(t, &rsaPrivate.PublicKey, map[string]any{"alg": "RS256"})}, token(t, jwt.RS512, rsaPrivate, ""), ErrNoKey},
		{"the public key's text as a secret", []string{rsaPublic}, token(t, jwt.HS256, []byte(publicPEM(t)), ""), ErrNoKey},
		{"the public key's text as a secret, with its kid", []string{rsaPublic}, token(t, jwt.HS256, []byte(publicPEM(t)), "one"), ErrNoKey},
		{"the JWK as a secret", []string{rsaPublic}, token(t, jwt.HS256, []byte(rsaPublic), ""), ErrNoKey},
		{"a private key in the set", []string{jwk(t, rsaPrivate, nil)}, token(t, jwt.RS256, rsaPrivate, ""), nil},
		{"a private key without its primes", []string{jwk(t, rsaPrivate, map[string]any{"p": nil, "q": nil, "dp": nil})}, token(t, jwt.RS256, rsaPrivate, ""), nil},
		{"a private EC key", []string{jwk(t, p256Private, nil)}, token(t, jwt.ES256, p256Private, ""), nil},
		{"a private Ed25519 key", []string{jwk(t, edPrivate, nil)}, token(t, jwt.EdDSA, edPrivate, ""), nil},
		{"use sig", []string{jwk(t, &rsaPrivate.PublicKey, map[string]any{"use": "sig", "key_ops": []string{"verify"}})}, token(t, jwt.RS256, rsaPrivate, ""), nil},
		{"padded members", []string{jwk(t, short, map[string]any{"k": "c2hvcnQ="})}, token(t, jwt.HS256, short, ""), nil},
		{"another curve's key", []string{jwk(t, &p384Private.PublicKey, nil)}, token(t, jwt.ES256, p256Private, ""), ErrNoKey},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			assert.Equal(t, tt.want, set(t, tt.keys...).Verify(tt.token))
		})
	}
}

func publicPEM(t *testing.T) string {
	der, err := x509.MarshalPKIXPublicKey(&rsaPrivate.PublicKey)
	require.NoError(t, err)
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
}

// What was verified is remembered by the whole token: another payload or header under the same signature is not.
func TestOnlyTheVerifiedTokenIsRemembered(t *testing.T) {
	s := set(t, jwk(t, &rsaPrivate.PublicKey, nil))
	good := token(t, jwt.RS256, rsaPrivate, "")
	require.NoError(t, s.Verify(good))
	parts := strings.Split(good.Text(), ".")
	for _, text := range []string{parts[0] + ".eyJzdWIiOiJiIn0." + parts[2], "eyJhbGciOiJSUzM4NCJ9." + parts[1] + "." + parts[2]} {
		forged, err := jwt.Parse(text)
		require.NoError(t, err)
		assert.Equal(t, jwt.ErrSignature, s.Verify(forged))
		assert.Equal(t, jwt.ErrSignature, s.Verify(forged), "again")
	}
	assert.Equal(t, 1, s.verified.Len())
	assert.Equal(t, jwt.ErrSignature, set(t, jwk(t, &rsaOther.PublicKey, nil)).Verify(good), "another set remembers nothing")
}

func TestKeysAreReadOneByOne(t *testing.T) {
	good := jwk(t, &rsaPrivate.PublicKey, nil)
	small := `{"kty":"RSA","e":"AQAB","n":"` + strings.Repeat("x", 86) + `"}`
	for name, tt := range map[string]struct{ key, note string }{
		"an unknown type":       {`{"kty":"PQC"}`, "is of an unknown kind, or incomplete"},
		"no type":               {`{"n":"AQAB"}`, "is of an unknown kind, or incomplete"},
		"an unknown curve":      {`{"kty":"EC","crv":"secp256k1","x":"AA","y":"AA"}`, "is of an unknown kind, or incomplete"},
		"a point off the curve": {jwk(t, &p256Private.PublicKey, map[string]any{"x": strings.Repeat("A", 43)}), "is of an unknown kind, or incomplete"},
		"X25519":                {`{"kty":"OKP","crv":"X25519","x":"` + strings.Repeat("A", 43) + `"}`, "is of an unknown kind, or incomplete"},
		"encryption":            {jwk(t, &rsaPrivate.PublicKey, map[string]any{"use": "enc"}), "use: is not sig"},
		"a use that is no text": {jwk(t, &rsaPrivate.PublicKey, map[string]any{"use": 1}), "use: is not sig"},
		"other operations":      {jwk(t, &rsaPrivate.PublicKey, map[string]any{"key_ops": []string{"encrypt"}}), "key_ops: has neither verify nor sign"},
		"another algorithm":     {jwk(t, &rsaPrivate.PublicKey, map[string]any{"alg": "RSA-OAEP"}), "alg: no algorithm that such a key verifies"},
		"HS256 for an RSA key":  {jwk(t, &rsaPrivate.PublicKey, map[string]any{"alg": "HS256"}), "alg: no algorithm that such a key verifies"},
		"none":                  {jwk(t, short, map[string]any{"alg": "none"}), "alg: no algorithm that such a key verifies"},
		"an empty secret":       {`{"kty":"oct","k":""}`, ""},
		"a secret of padding":   {`{"kty":"oct","k":"="}`, ""},
		"a short modulus":       {small, "n: has"},
		"a kid that is no text": {jwk(t, &rsaPrivate.PublicKey, map[string]any{"kid": 1}), "kid: must be a string"},
		"a member twice":        {`{"kty":"oct","k":"AQ","k":"Ag"}`, "is no JSON object, or has a member twice"},
		"a text":                {`"key"`, "is no JSON object"},
	} {
		t.Run(name, func(t *testing.T) {
			if name == "a member twice" { // the whole set is refused then
				_, _, err := Parse(`{"keys":[` + tt.key + `,` + good + `]}`)
				assert.EqualError(t, err, "must be a JSON Web Key Set")
				return
			}
			s, notes, err := Parse(`{"keys":[` + tt.key + `,` + good + `]}`)
			require.NoError(t, err)
			assert.Equal(t, 1, s.Len())
			require.Len(t, notes, 1)
			assert.Contains(t, notes[0], "keys[0] is left out: "+tt.note)
			assert.NoError(t, s.Verify(token(t, jwt.RS256, rsaPrivate, "")))
			_, _, err = Parse(`{"keys":[` + tt.key + `]}`)
			assert.EqualError(t, err, "must have a key that can verify")
		})
	}
}

func TestSetsThatAreRefused(t *testing.T) {
	for _, text := range []string{"", "{}", "[]", "null", `{"keys":{}}`, `{"keys":"a"}`, "<html>", `{"keys":[]`, `{"keys":[],"keys":[]}`,
		`{"KEYS":[]}`, strings.Repeat("[", 100000)} {
		_, _, err := Parse(text)
		assert.EqualError(t, err, "must be a JSON Web Key Set", text[:min(len(text), 20)])
	}
	_, _, err := Parse(`{"keys":[]}`)
	assert.EqualError(t, err, "must have a key that can verify")
	_, _, err = Parse(`{"keys":[` + strings.Repeat("1,", 256) + `1]}`)
	assert.EqualError(t, err, "must not have more than 256 keys")
}

func TestPublishedSecretsAreLeftOut(t *testing.T) {
	text := `{"keys":[` + jwk(t, short, nil) + `,` + jwk(t, &rsaPrivate.PublicKey, nil) + `]}`
	s, notes, err := ParsePublic(text)
	require.NoError(t, err)
	assert.Equal(t, []string{"keys[0] is left out: is a secret, but published"}, notes)
	assert.Equal(t, ErrNoKey, s.Verify(token(t, jwt.HS256, short, "")))
	_, notes, err = Parse(text)
	require.NoError(t, err)
	assert.Equal(t, []string{"keys[0].k: 5 bytes are fewer than RFC 7518 asks for"}, notes)
}

func TestKnows(t *testing.T) {
	s := set(t, jwk(t, short, map[string]any{"kid": "one"}), jwk(t, short, nil))
	assert.True(t, s.Knows("one"))
	assert.False(t, s.Knows("ONE"))
	assert.False(t, s.Knows(""))
}

func FuzzParse(f *testing.F) {
	f.Add(`{"keys":[` + jwk(f, &p256Private.PublicKey, map[string]any{"kid": "a", "use": "sig"}) + `]}`)
	f.Add(`{"keys":[{"kty":"oct","k":"AQ"},1,null]}`)
	f.Add(`{"keys":[{"kty":"RSA","n":"AQAB","e":"AQAB","alg":"RS256"}]}`)
	good := token(f, jwt.ES256, p256Private, "")
	f.Fuzz(func(t *testing.T, text string) {
		s, _, err := Parse(text)
		if (err == nil) != (s != nil && s.Len() > 0) {
			t.Fatalf("%q: %v", text, err)
		}
		if err == nil {
			_ = s.Verify(good)
		}
	})
}

func BenchmarkVerify(b *testing.B) {
	for _, bench := range []struct {
		algorithm jwt.Algorithm
		public    any
		private   any
	}{{jwt.HS256, short, short}, {jwt.RS256, &rsaPrivate.PublicKey, rsaPrivate}, {jwt.ES256, &p256Private.PublicKey, p256Private}} {
		signed := token(b, bench.algorithm, bench.private, "")
		s := set(b, jwk(b, bench.public, nil))
		b.Run(string(bench.algorithm)+" again", func(b *testing.B) {
			for range b.N {
				if s.Verify(signed) != nil {
					b.Fatal("not verified")
				}
			}
		})
		b.Run(string(bench.algorithm), func(b *testing.B) {
			for range b.N {
				s.verified = verified.New(2)
				if s.Verify(signed) != nil {
					b.Fatal("not verified")
				}
			}
		})
	}
}
