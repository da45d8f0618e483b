package expr

import (
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"testing"

	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func newKey(t *testing.T, d KeyDefinition) *Key {
	t.Helper()
	k, err := NewKey("k", d)
	require.NoError(t, err)
	return k
}

// TestTokensVerify checks signatures with go-jose.
func TestTokensVerify(t *testing.T) {
	const secret = "a secret that is long enough for each of the three HMAC algorithms: 64 bytes"
	for _, test := range []struct {
		definition KeyDefinition
		algorithms []jose.SignatureAlgorithm // the first is the default
	}{
		{KeyDefinition{Secret: secret}, []jose.SignatureAlgorithm{"HS256", "HS384", "HS512"}},
		{KeyDefinition{Generate: "RSA"}, []jose.SignatureAlgorithm{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"}},
		{KeyDefinition{Generate: "P-256"}, []jose.SignatureAlgorithm{"ES256"}},
		{KeyDefinition{Generate: "P-384"}, []jose.SignatureAlgorithm{"ES384"}},
		{KeyDefinition{Generate: "P-521"}, []jose.SignatureAlgorithm{"ES512"}},
		{KeyDefinition{Generate: "Ed25519"}, []jose.SignatureAlgorithm{"EdDSA"}},
	} {
		test.definition.ID = "id-1"
		key := newKey(t, test.definition)
		for i, algorithm := range test.algorithms {
			token := Token{Key: key, Algorithm: string(algorithm), Payload: []byte(`{"a":1}`)}
			if i == 0 {
				token.Algorithm = ""
			}
			encoded, err := token.Encode()
			require.NoError(t, err)
			parsed, err := jose.ParseSigned(encoded, []jose.SignatureAlgorithm{algorithm})
			require.NoError(t, err, algorithm)
			var set jose.JSONWebKeySet
			require.NoError(t, json.Unmarshal([]byte(text(t, "${{ jwks(k) }}", values{"k": key})), &set))
			payload, err := parsed.Verify(&set.Keys[0])
			require.NoError(t, err, algorithm)
			assert.Equal(t, `{"a":1}`, string(payload))
			assert.Equal(t, "id-1", parsed.Signatures[0].Header.KeyID)
		}
	}
}

func TestTokensThatNoLibraryMakes(t *testing.T) {
	short := newKey(t, KeyDefinition{Secret: "k"})
	for _, test := range []struct {
		name  string
		token Token
		want  string
	}{
		{"unsigned", Token{Payload: []byte("{}")}, `${{ base64url('{"alg":"none","typ":"JWT"}') }}.e30.`},
		{"a header without typ, with crit", Token{Payload: []byte("{}"), Header: map[string]any{"typ": nil, "crit": []any{"x"}}},
			`${{ base64url('{"alg":"none","crit":["x"]}') }}.e30.`},
		{"a short secret, and another alg than said", Token{Key: short, Algorithm: "HS256", Header: map[string]any{"alg": "RS256"}, Payload: []byte("no JSON")},
			`${{ head }}.${{ base64url(hmac('sha256', 'k', head)) }}`},
	} {
		got, err := test.token.Encode()
		require.NoError(t, err)
		head := text(t, `${{ base64url('{"alg":"RS256","typ":"JWT"}') + '.' + base64url('no JSON') }}`, values{})
		assert.Equal(t, text(t, test.want, values{"head": head}), got, test.name)
	}
}

func TestKeysThatAreGiven(t *testing.T) {
	made := newKey(t, KeyDefinition{Generate: "P-256"})
	private, err := made.make()
	require.NoError(t, err)
	der, err := x509.MarshalPKCS8PrivateKey(private)
	require.NoError(t, err)
	jwk, err := json.Marshal(jose.JSONWebKey{Key: private, KeyID: "own"})
	require.NoError(t, err)
	byPEM := newKey(t, KeyDefinition{PEM: string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))})
	byJWK := newKey(t, KeyDefinition{JWK: jwk})
	want := text(t, "${{ pem(k) }}", values{"k": made})
	assert.Equal(t, want, text(t, "${{ pem(k) }}", values{"k": byPEM}))
	assert.Equal(t, want, text(t, "${{ pem(k) }}", values{"k": byJWK}))
	assert.Contains(t, text(t, "${{ jwk(k) }}", values{"k": byJWK}), `"kid":"own"`)
	assert.NotContains(t, text(t, "${{ jwk(k) }}", values{"k": byJWK}), `"d":`, "the private part")

	secret := newKey(t, KeyDefinition{Secret: "s"})
	assert.JSONEq(t, `{"kty": "oct", "k": "cw"}`, text(t, "${{ jwk(k) }}", values{"k": secret}))
	assert.Equal(t, text(t, "${{ hmac('sha1', 's', 'x') }}", values{}), text(t, "${{ hmac('sha1', k, 'x') }}", values{"k": secret}))
}

func TestKeysThatCannotBe(t *testing.T) {
	public, err := newKey(t, KeyDefinition{Generate: "P-256"}).jwk()
	require.NoError(t, err)
	text, err := json.Marshal(public)
	require.NoError(t, err)
	for want, d := range map[string]KeyDefinition{
		"must have one of generate, pem, jwk and secret": {Generate: "RSA", Secret: "s"},
		"generate: must be RSA":                          {Generate: "DSA"},
		"pem: holds no PEM block":                        {PEM: "x"},
		"pem: must be a private key":                     {PEM: string(pem.EncodeToMemory(&pem.Block{Type: "X", Bytes: []byte("x")}))},
		"jwk: must be a private key":                     {JWK: text},
		"jwk: ":                                          {JWK: json.RawMessage(`{"kty": "x"}`)},
	} {
		_, err := NewKey("k", d)
		assert.ErrorContains(t, err, want)
	}
}
