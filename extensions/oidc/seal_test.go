package main

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var noon = time.Date(2026, 2, 3, 12, 0, 0, 0, time.UTC)

func newTestSealer(t testing.TB, secret string, gcm bool) *sealer {
	t.Helper()
	s, err := newSealer(secret, gcm)
	require.NoError(t, err)
	return s
}

// The first form is made here of what the description says, with package cipher's own mode.
func TestCookiesOfTheHigressPluginAreRead(t *testing.T) {
	const secret, name, content = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=", "_oauth2_proxy", `{"at":"a token that is longer than two blocks of AES"}`
	block, err := aes.NewCipher([]byte("0123456789abcdef0123456789abcdef"))
	require.NoError(t, err)
	text := append([]byte("an initial value"), content...)
	cipher.NewCFBEncrypter(block, text[:16]).XORKeyStream(text[16:], text[16:]) //nolint:staticcheck // what the other plugin uses
	first, second := base64.URLEncoding.EncodeToString(text), strconv.FormatInt(noon.Unix(), 10)
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(name + first + second))
	value := first + "|" + second + "|" + base64.URLEncoding.EncodeToString(mac.Sum(nil))

	for _, gcm := range []bool{false, true} {
		plain, err := newTestSealer(t, secret, gcm).open(name, value, noon, time.Hour)
		require.NoError(t, err)
		assert.Equal(t, content, string(plain))
	}
}

func TestCookiesThatAreWrittenInTheFirstFormAreRead(t *testing.T) {
	const secret = "0123456789abcdef"
	for _, content := range []string{"", "x", "sixteen letters!", strings.Repeat("long", 3000)} {
		value := newTestSealer(t, secret, false).seal("n", []byte(content), noon)
		text, err := base64.URLEncoding.DecodeString(strings.Split(value, "|")[0])
		require.NoError(t, err)
		block, err := aes.NewCipher([]byte(secret))
		require.NoError(t, err)
		cipher.NewCFBDecrypter(block, text[:16]).XORKeyStream(text[16:], text[16:]) //nolint:staticcheck // what the other plugin uses
		assert.Equal(t, content, string(text[16:]))
	}
}

func TestSealedValues(t *testing.T) {
	for _, gcm := range []bool{false, true} {
		s := newTestSealer(t, "0123456789abcdef", gcm)
		value := s.seal("n", []byte("content"), noon)
		for _, tt := range []struct {
			name string
			at   time.Duration
			life time.Duration
			err  error
		}{
			{"at once", 0, time.Hour, nil},
			{"shortly before its end", time.Hour - time.Second, time.Hour, nil},
			{"at its end", time.Hour, time.Hour, errCookieAge},
			{"a day and an hour later", 25 * time.Hour, 24 * time.Hour, errCookieAge},
			{"without an end", 1000 * time.Hour, 0, nil},
			{"from a clock that is ahead", -5 * time.Minute, time.Hour, nil},
			{"from the future", -5*time.Minute - time.Second, time.Hour, errCookieAge},
		} {
			plain, err := s.open("n", value, noon.Add(tt.at), tt.life)
			assert.Equal(t, tt.err, err, tt.name)
			if err == nil {
				assert.Equal(t, "content", string(plain), tt.name)
			}
		}
		_, err := s.open("m", value, noon, time.Hour)
		assert.Equal(t, errCookieSignature, err, "of another cookie")
		_, err = newTestSealer(t, "0123456789abcdeF", gcm).open("n", value, noon, time.Hour)
		assert.Equal(t, errCookieSignature, err, "of another secret")
		other := s.seal("n", []byte("content"), noon)
		assert.NotEqual(t, value, other, "no two values are the same")
	}
}

func TestNoByteOfASealedValueCanBeChanged(t *testing.T) {
	for _, gcm := range []bool{false, true} {
		s := newTestSealer(t, "0123456789abcdef", gcm)
		value := s.seal("n", []byte("content"), noon)
		for i := range len(value) {
			for _, c := range []byte("A1|=-") {
				if value[i] == c {
					continue
				}
				_, err := s.open("n", value[:i]+string(c)+value[i+1:], noon, 0)
				assert.Error(t, err, "%d", i)
			}
			_, err := s.open("n", value[:i], noon, 0)
			assert.Error(t, err, "cut off at %d", i)
		}
	}
}

func TestCookieKeys(t *testing.T) {
	for secret, length := range map[string]int{
		"0123456789abcdef":                             16,
		"0123456789abcdef01234567":                     24,
		"MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=": 32,
		"MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY":  32,
		"0123456789abcde":                              15,
		"short":                                        5,
	} {
		assert.Len(t, cookieKey(secret), length, secret)
	}
}

func FuzzCookie(f *testing.F) {
	legacy, err := newSealer("0123456789abcdef", false)
	if err != nil {
		f.Fatal(err)
	}
	modern, err := newSealer("0123456789abcdef", true)
	if err != nil {
		f.Fatal(err)
	}
	for _, s := range []*sealer{legacy, modern} {
		f.Add(s.seal("n", []byte("content"), noon))
	}
	for _, value := range []string{"", "|", "||", "v2||", "v2|1|", "a|b|c", "AAAA|1|AAAA"} {
		f.Add(value)
	}
	f.Fuzz(func(t *testing.T, value string) {
		if content, err := legacy.open("n", value, noon, 0); err == nil && string(content) != "content" {
			t.Fatalf("%q is accepted", value)
		}
		found, present := sessionCookie([][2]string{{"cookie", value}}, "n")
		if len(found) > 0 && len(present) == 0 {
			t.Fatalf("%q has a session without a name", value)
		}
	})
}

func FuzzSession(f *testing.F) {
	s := session{created: noon, expires: noon, accessToken: "a\"\n", idToken: "i", refreshToken: "r", nonce: []byte{1}, groups: []string{"g", ""}}
	f.Add(s.encode(false))
	f.Add([]byte(`{"ca": 1, "n": "?", "g": {}}`))
	f.Add([]byte(`{"g": ["a"], "eo": "2026-02-03T12:00:00.5+01:00"}`))
	f.Fuzz(func(t *testing.T, content []byte) {
		s, err := decodeSession(content)
		if err != nil {
			return
		}
		again, err := decodeSession(s.encode(false))
		if err != nil {
			t.Fatalf("%q: %v", content, err)
		}
		if again.accessToken != s.accessToken || again.idToken != s.idToken || string(again.nonce) != string(s.nonce) ||
			len(again.groups) != len(s.groups) || !again.expires.Equal(s.expires) {
			t.Fatalf("%q is not what it was", content)
		}
	})
}
