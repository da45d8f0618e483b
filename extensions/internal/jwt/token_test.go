package jwt_test

import (
	"encoding/base64"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wasmplane/wasmplane/extensions/internal/jwt"
)

const header = `{"alg":"HS256"}`

var secret = []byte("short")

func sign(header, claims string) string {
	return jwt.Sign(jwt.HS256, secret, []byte(header), []byte(claims))
}

func b64(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }

func TestParse(t *testing.T) {
	good := sign(`{"alg":"HS256","kid":"k1","typ":"JWT"}`, `{"sub":"a"}`)
	parts := strings.Split(good, ".")
	tests := []struct {
		name, text string
		want       error
	}{
		{"a token", good, nil},
		{"no claims", sign(header, `{}`), nil},
		{"white space between members", sign(" {\"alg\" :\n\"HS256\"} ", `{ }`), nil},
		{"keys in the header are not looked at", sign(`{"alg":"HS256","jku":"https://evil.test","jwk":{"kty":"oct","k":"AA"},"x5u":1}`, `{}`), nil},
		{"empty", "", jwt.ErrParts},
		{"one part", "abc", jwt.ErrParts},
		{"two parts", parts[0] + "." + parts[1], jwt.ErrParts},
		{"four parts", good + ".a", jwt.ErrParts},
		{"a JWE", good + ".a.b", jwt.ErrEncrypted},
		{"a JWE's header in three parts", sign(`{"alg":"HS256","enc":"A128GCM"}`, `{}`), jwt.ErrEncrypted},
		{"a JWS in JSON form", `{"payload":"` + parts[1] + `","protected":"` + parts[0] + `","signature":"` + parts[2] + `"}`, jwt.ErrParts},
		{"a nested token", sign(`{"alg":"HS256","cty":"JWT"}`, good), jwt.ErrPayload},
		{"unsecured", b64(`{"alg":"none"}`) + "." + parts[1] + ".", jwt.ErrAlgorithm},
		{"unsecured, signed", sign(`{"alg":"none"}`, `{}`), jwt.ErrAlgorithm},
		{"unsecured in capitals", b64(`{"alg":"NONE"}`) + "." + parts[1] + ".", jwt.ErrAlgorithm},
		{"unsecured, padded", b64(`{"alg":"none"}`) + "." + parts[1] + ".=", jwt.ErrAlgorithm},
		{"unsecured, with an empty name", b64(`{"alg":""}`) + "." + parts[1] + ".", jwt.ErrAlgorithm},
		{"no algorithm", sign(`{}`, `{}`), jwt.ErrAlgorithm},
		{"an algorithm in small letters", sign(`{"alg":"hs256"}`, `{}`), jwt.ErrAlgorithm},
		{"an algorithm that is a list", sign(`{"alg":["HS256"]}`, `{}`), jwt.ErrAlgorithm},
		{"an algorithm with a space", sign(`{"alg":"HS256 "}`, `{}`), jwt.ErrAlgorithm},
		{"an algorithm under another name", sign(`{"Alg":"HS256"}`, `{}`), jwt.ErrAlgorithm},
		{"an algorithm twice", sign(`{"alg":"none","alg":"HS256"}`, `{}`), jwt.ErrHeader},
		{"an algorithm twice, once escaped", sign(`{"alg":"HS256","\u0061lg":"none"}`, `{}`), jwt.ErrHeader},
		{"no signature", parts[0] + "." + parts[1] + ".", jwt.ErrSignature},
		{"crit", sign(`{"alg":"HS256","crit":["exp"],"exp":1}`, `{}`), jwt.ErrCritical},
		{"empty crit", sign(`{"alg":"HS256","crit":[]}`, `{}`), jwt.ErrCritical},
		{"crit null", sign(`{"alg":"HS256","crit":null}`, `{}`), jwt.ErrCritical},
		{"payload that is not encoded", sign(`{"alg":"HS256","b64":false}`, `{}`), jwt.ErrCritical},
		{"kid that is a number", sign(`{"alg":"HS256","kid":1}`, `{}`), jwt.ErrKeyID},
		{"kid null", sign(`{"alg":"HS256","kid":null}`, `{}`), jwt.ErrKeyID},
		{"header that is a list", sign(`[]`, `{}`), jwt.ErrHeader},
		{"header that is cut off", sign(`{"alg":"HS256"`, `{}`), jwt.ErrHeader},
		{"header with something after it", sign(`{"alg":"HS256"}{}`, `{}`), jwt.ErrHeader},
		{"header that is no UTF-8", sign("{\"alg\":\"HS256\",\"x\":\"\xff\"}", `{}`), jwt.ErrHeader},
		{"payload that is a text", sign(header, `"a"`), jwt.ErrPayload},
		{"payload null", sign(header, `null`), jwt.ErrPayload},
		{"empty payload", sign(header, ``), jwt.ErrPayload},
		{"a claim twice", sign(header, `{"sub":"a","sub":"b"}`), jwt.ErrPayload},
		{"a claim twice, deep", sign(header, `{"a":[{"b":1,"b":2}]}`), jwt.ErrPayload},
		{"forty claims", sign(header, many(40, "c39")), nil},
		{"forty claims, the first twice", sign(header, many(40, "c0")), jwt.ErrPayload},
		{"forty claims, the twentieth twice", sign(header, many(40, "c20")), jwt.ErrPayload},
		{"the same name in two objects", sign(header, `{"a":{"b":1},"c":{"b":1}}`), nil},
		{"a BOM", sign(header, "\ufeff{}"), jwt.ErrPayload},
		{"nesting of 32", sign(header, `{"a":`+strings.Repeat("[", 31)+strings.Repeat("]", 31)+`}`), nil},
		{"nesting of 33", sign(header, `{"a":`+strings.Repeat("[", 32)+strings.Repeat("]", 32)+`}`), jwt.ErrPayload},
		{"nesting without end", sign(header, strings.Repeat("[", 20000)), jwt.ErrPayload},
		{"brackets in a text", sign(header, `{"a":"`+strings.Repeat(`[\"`, 100)+`"}`), nil},
		{"padding", parts[0] + "=." + parts[1] + "." + parts[2], jwt.ErrBase64},
		{"padding of the signature", good + "=", jwt.ErrBase64},
		{"standard base64", strings.Replace(sign(header, `{"a":"???>>>"}`), "_", "/", 1), jwt.ErrBase64},
		{"a line break", parts[0] + "\n." + parts[1] + "." + parts[2], jwt.ErrBase64},
		{"a line break in the signature", parts[0] + "." + parts[1] + "." + parts[2][:8] + "\r\n" + parts[2][8:], jwt.ErrBase64},
		{"a space before it", " " + good, jwt.ErrBase64},
		{"a space after it", good + " ", jwt.ErrBase64},
		{"a zero byte", good + "\x00", jwt.ErrBase64},
		{"32 KiB", sized(32 << 10), nil},
		{"one byte more", sized(32<<10 + 1), jwt.ErrTooLong},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			token, err := jwt.Parse(tt.text)
			require.Equal(t, tt.want, err)
			if err == nil {
				assert.Equal(t, jwt.HS256, token.Algorithm)
				assert.True(t, token.VerifyHMAC(secret))
				assert.Equal(t, tt.text, token.Text())
			}
		})
	}
	token, err := jwt.Parse(good)
	require.NoError(t, err)
	assert.Equal(t, "k1", token.KeyID)
	sub, ok := token.Claims.Text("sub")
	assert.True(t, ok)
	assert.Equal(t, "a", sub)
}

// many makes that many claims, c0 and so on; the last one has a name of its own.
func many(n int, last string) string {
	text := "{"
	for i := range n - 1 {
		text += `"c` + strconv.Itoa(i) + `":1,`
	}
	return text + `"` + last + `":1}`
}

// sized makes a token of exactly that length.
func sized(length int) string {
	for n := length * 3 / 4; ; n-- {
		if n < length/2 {
			panic("no such length")
		}
		// Bytes cannot give every length of base64url; a kid of another length makes up for it.
		for kid := range 4 {
			token := sign(`{"alg":"HS256","kid":"`+strings.Repeat("k", kid+1)+`"}`, `{"a":"`+strings.Repeat("a", n)+`"}`)
			if len(token) == length {
				return token
			}
		}
	}
}

func TestASignatureHasOneForm(t *testing.T) {
	good := sign(header, `{}`)
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	for _, c := range alphabet {
		other := good[:len(good)-1] + string(c)
		token, err := jwt.Parse(other)
		if other == good {
			continue
		}
		assert.True(t, err != nil || !token.VerifyHMAC(secret), other)
	}
}

func TestVerifyHMAC(t *testing.T) {
	for _, algorithm := range []jwt.Algorithm{jwt.HS256, jwt.HS384, jwt.HS512} {
		token, err := jwt.Parse(jwt.Sign(algorithm, secret, []byte(`{"alg":"`+string(algorithm)+`"}`), []byte(`{}`)))
		require.NoError(t, err)
		assert.True(t, token.VerifyHMAC(secret), algorithm)
		assert.False(t, token.VerifyHMAC([]byte("Short")), algorithm)
		assert.False(t, token.VerifyHMAC(nil), algorithm)
	}
	// What is signed with an empty secret, or says that another algorithm was used, is nobody's.
	empty, err := jwt.Parse(jwt.Sign(jwt.HS256, nil, []byte(header), []byte(`{}`)))
	require.NoError(t, err)
	assert.False(t, empty.VerifyHMAC(nil))
	confused, err := jwt.Parse(jwt.Sign(jwt.HS256, secret, []byte(`{"alg":"HS512"}`), []byte(`{}`)))
	require.NoError(t, err)
	assert.False(t, confused.VerifyHMAC(secret))
	asymmetric, err := jwt.Parse(sign(`{"alg":"RS256"}`, `{}`))
	require.NoError(t, err)
	assert.False(t, asymmetric.VerifyHMAC(secret))
	assert.Empty(t, jwt.Sign(jwt.RS256, secret, []byte(`{"alg":"RS256"}`), []byte(`{}`)))
}

// The token of RFC 7515, appendix A.1, whose header and payload have line breaks.
func TestTheExampleOfTheRFC(t *testing.T) {
	key, err := base64.RawURLEncoding.DecodeString("AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow")
	require.NoError(t, err)
	token, err := jwt.Parse("eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9." +
		"eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ." +
		"dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")
	require.NoError(t, err)
	assert.True(t, token.VerifyHMAC(key))
	assert.True(t, token.Claims.Get("http://example.com/is_root").Bool())
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{sign(header, `{"a":1}`), sign(header, `{"a":{"a":[1e9]}}`), "a.b.c", "e30.e30.e30", "..", "e30.e30.e30.e30.e30",
		b64(`{"alg":"none"}`) + ".e30."} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		token, err := jwt.Parse(text)
		if err != nil {
			return
		}
		if !token.Algorithm.Known() || token.Header.Has("crit") || len(token.Signature()) == 0 || strings.ContainsAny(text, "=\r\n ") {
			t.Fatalf("%q is read as a token", text)
		}
		encoded := base64.RawURLEncoding.EncodeToString(token.Signature())
		if token.SigningInput()+"."+encoded != text {
			t.Fatalf("%q has another form", text)
		}
		_ = token.Claims.Check()
		_ = token.Claims.CheckTimes(0, 60)
	})
}
