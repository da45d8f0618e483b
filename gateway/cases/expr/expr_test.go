package expr

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// values is a scope with a fixed time.
type values map[string]any

func (v values) Now() time.Time { return time.Date(2026, 2, 3, 4, 5, 6, 789e6, time.UTC) }

func (v values) Lookup(name string) (any, error) {
	if value, ok := v[name]; ok {
		return value, nil
	}
	return nil, errors.New("no value " + name)
}

// text evaluates a template to its text.
func text(t *testing.T, template string, s Scope) string {
	t.Helper()
	parsed, err := Parse(template)
	require.NoError(t, err)
	value, err := parsed.Evaluate(s)
	require.NoError(t, err)
	out, err := Text(value)
	require.NoError(t, err)
	return out
}

func TestTexts(t *testing.T) {
	s := values{"who": "world", "n": int64(7), "late": Unknown{"late"}}
	for template, want := range map[string]string{
		"plain":                                          "plain",
		"$x ${x} {{x}}":                                  "$x ${x} {{x}}",
		"hello ${{ who }}!":                              "hello world!",
		"${{who}}${{n}}":                                 "world7",
		"${{ '${{' }}":                                   "${{",
		"${{ '}}' + \"'\" }}":                            "}}'",
		`${{ 'a\n\t\\\'\"\x00\xff\u00e9' }}`:             "a\n\t\\'\"\x00\xff\u00e9",
		"${{ 1 + 2 - 10 }}":                              "-7",
		"${{ -(1 + 2) }}":                                "-3",
		"${{ 'a' + 1 }}":                                 "a1",
		"${{ late + 1 }}":                                "unknown-late",
		"${{ base64(late) }}":                            "unknown-late",
		"${{ now }}":                                     "1770091506",
		"${{ now + 60 }}":                                "1770091566",
		"${{ now - 1m30s }}":                             "1770091416",
		"${{ now + 2d }}":                                "1770264306",
		"${{ now - (now - 90s) }}":                       "90",
		"${{ unix(now) + 1 }}":                           "1770091507",
		"${{ unixMilli(now) }}":                          "1770091506789",
		"${{ httpDate(now) }}":                           "Tue, 03 Feb 2026 04:05:06 GMT",
		"${{ iso(now - 5m) }}":                           "2026-02-03T04:00:06Z",
		"${{ iso(0) }}":                                  "1970-01-01T00:00:00Z",
		"${{ format(now, '20060102T1504') }}":            "20260203T0405",
		"${{ upper(lower('aB')) }}":                      "AB",
		"${{ length(who) }}":                             "5",
		"${{ int('5') + n }}":                            "12",
		"${{ replace(who, 'o', '0') }}":                  "w0rld",
		"${{ repeat('ab', 3) }}":                         "ababab",
		"${{ slice(who, 1, 3) }}":                        "or",
		"${{ slice(who, -2) }}":                          "ld",
		"${{ slice(who, 3, 1) }}":                        "",
		"${{ part('a.b.c', '.', 1) }}":                   "b",
		"${{ regexp('a.b') }}":                           `a\.b`,
		"${{ url('a b/ü+~') }}":                          "a%20b%2F%C3%BC%2B~",
		"${{ unurl('a%20b%2F+') }}":                      "a b/+",
		"${{ json('a\"b') }}":                            `"a\"b"`,
		"${{ hex('\\x00\\xff') }}":                       "00ff",
		"${{ unhex('4142') }}":                           "AB",
		"${{ base64('\\xfb\\xff') }}":                    "+/8=",
		"${{ base64url('\\xfb\\xff') }}":                 "-_8",
		"${{ hex(unbase64('-_8') + unbase64('+/8=')) }}": "fbfffbff",
		"${{ hex(md5('abc')) }}":                         "900150983cd24fb0d6963f7d28e17f72",
		"${{ hex(sha1('abc')) }}":                        "a9993e364706816aba3e25717850c26c9cd0d89d",
		"${{ hex(sha256('abc')) }}":                      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
		"${{ slice(hex(sha512('abc')), 0, 16) }}":        "ddaf35a193617aba",
		// RFC 2202 and RFC 4231, test case 2
		"${{ hex(hmac('sha1', 'Jefe', 'what do ya want for nothing?')) }}":                 "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79",
		"${{ hex(hmac('sha256', 'Jefe', 'what do ya want for nothing?')) }}":               "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
		"${{ slice(hex(hmac('sha512', 'Jefe', 'what do ya want for nothing?')), 0, 16) }}": "164b7a7bfcf819e2",
	} {
		assert.Equal(t, want, text(t, template, s), template)
	}
}

func TestAnExpressionAloneKeepsItsType(t *testing.T) {
	for template, want := range map[string]any{
		"${{ 5 }}": int64(5), "${{ now }}": int64(1770091506), "${{ 5m }}": int64(300), " ${{ 5 }}": " 5", "${{ '5' }}": "5",
	} {
		parsed, err := Parse(template)
		require.NoError(t, err)
		value, err := parsed.Evaluate(values{})
		require.NoError(t, err)
		plain, err := Plain(value)
		require.NoError(t, err)
		assert.Equal(t, want, plain, template)
	}
}

func TestRandomBytesDiffer(t *testing.T) {
	assert.Len(t, text(t, "${{ random(16) }}", values{}), 16)
	assert.NotEqual(t, text(t, "${{ random(16) }}", values{}), text(t, "${{ random(16) }}", values{}))
	assert.Regexp(t, `^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`, text(t, "${{ uuid() }}", values{}))
}

func TestAlterNeverKeepsALetter(t *testing.T) {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	for i, letter := range alphabet {
		altered := text(t, "${{ alter(x, -1) }}", values{"x": "abc" + string(letter)})
		assert.Equal(t, "abc", altered[:3])
		assert.NotEqual(t, i>>4, strings.IndexByte(alphabet, altered[3])>>4, "the first two bits of %c", letter)
	}
	assert.Equal(t, "wBC", text(t, "${{ alter('ABC', 0) }}", values{}))
	assert.Equal(t, "AAC", text(t, "${{ alter('AzC', 1) }}", values{}))
}

func TestGzipIsUndone(t *testing.T) {
	r, err := gzip.NewReader(strings.NewReader(text(t, "${{ gzip('hello') }}", values{})))
	require.NoError(t, err)
	var out bytes.Buffer
	_, err = io.Copy(&out, r)
	require.NoError(t, err)
	assert.Equal(t, "hello", out.String())
}

func TestWhatCannotBeRead(t *testing.T) {
	for template, want := range map[string]string{
		"${{ a":             "ends where an operator or }} is expected",
		"${{ }}":            `"}" where a value is expected`,
		"${{ a b }}":        `"b" where an operator or }} is expected`,
		"${{ 'a }}":         "a text does not end",
		`${{ 'a\q' }}`:      `unknown escape`,
		"${{ foo(1) }}":     "there is no function foo",
		"${{ base64() }}":   "base64 takes 1 argument, not 0",
		"${{ slice('a') }}": "slice takes 2 to 3 arguments, not 1",
		"${{ jwks() }}":     "jwks takes at least 1 arguments, not 0",
		"${{ 5x }}":         `"5x" is neither an integer nor a duration`,
		"${{ (1 }}":         `"}" where ) is expected`,
	} {
		_, err := Parse(template)
		assert.ErrorContains(t, err, want, template)
	}
}

func TestWhatCannotBeComputed(t *testing.T) {
	key, err := NewKey("k", KeyDefinition{Generate: "P-256"})
	require.NoError(t, err)
	s := values{"k": key}
	for template, want := range map[string]string{
		"${{ alter('', 0) }}":           "needs a text and a position in it",
		"${{ alter('a', 1) }}":          "needs a text and a position in it",
		"${{ alter('a', 'b') }}":        "needs a text and a position in it",
		"${{ missing }}":                "no value missing",
		"${{ 'a' - 1 }}":                "cannot compute a text - an integer",
		"${{ now + now }}":              "cannot compute a time + a time",
		"${{ iso('x') }}":               "iso: needs a time, not a text",
		"${{ unhex('x') }}":             "unhex: ",
		"${{ unbase64('*') }}":          "unbase64: ",
		"${{ int('x') }}":               "int: ",
		"${{ part('a', '.', 1) }}":      "part: 1 parts have no index 1",
		"${{ repeat('a', -1) }}":        "repeat: ",
		"${{ random(-1) }}":             "random: ",
		"${{ hmac('x', 'a', 'b') }}":    `hmac: "x" is no digest`,
		"${{ hmac('md5', k, 'b') }}":    "hmac: k is no secret",
		"${{ sign('RS256', k, '') }}":   "sign: the key k cannot sign with RS256",
		"${{ sign('X', k, '') }}":       `sign: "X" is no algorithm`,
		"${{ sign('RS256', 'k', '') }}": "sign: needs the name of a key, not a text",
		"a${{ k }}":                     "k is a key",
	} {
		parsed, err := Parse(template)
		require.NoError(t, err, template)
		_, err = parsed.Evaluate(s)
		assert.ErrorContains(t, err, want, template)
	}
}

func TestNamesOfValues(t *testing.T) {
	for name, want := range map[string]bool{"a": true, "a_1": true, "": false, "1a": false, "a-b": false, "now": false, "base64": false} {
		assert.Equal(t, want, IsName(name), name)
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"${{ now + 60 }}", "a${{ hex(sha256('x')) }}b", "${{ 'a\\x00' }}", "${{ (1 }}", "${{ -5m }}"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, template string) {
		parsed, err := Parse(template)
		if err != nil {
			return
		}
		if value, err := parsed.Evaluate(values{}); err == nil && !Has(template) {
			assert.Equal(t, template, value)
		}
	})
}
