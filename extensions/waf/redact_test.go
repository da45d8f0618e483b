package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// secretOrCard are the names that are always secret, and those of audit_log: {redact: [card]}.
func secretOrCard(name string) bool { return namesSecret(name, map[string]bool{"card": true}) }

func TestSecretNames(t *testing.T) {
	for name, want := range map[string]bool{
		"access_token": true, "PWD": true, "Card": true,
		"json.card": true, "json.user.card": true, "json.cards.0.card.number": true, "user[card]": true, "user[card][]": true,
		"json.pwd": true, "user[pin]": true,
		"c%61rd": true, "pass%77ord": true, "pass%2577ord": true, "user%5Bcard%5D": true, "c%u0061rd": true, `p\u0077d`: true,
		"card%zz": false, "cardinal": false, "json.discard": false, "json": false, "id": false, "": false,
	} {
		assert.Equal(t, want, secretOrCard(name), name)
	}
	t.Run("a configured path is a name, too", func(t *testing.T) {
		more := map[string]bool{"user.number": true}
		assert.True(t, namesSecret("json.user.number", more))
		assert.True(t, namesSecret("user.number", more))
		assert.False(t, namesSecret("json.number", more))
	})
}

func TestSecretsInURIs(t *testing.T) {
	for uri, want := range map[string]string{
		"/path":                          "/path",
		"/p?a=b&access_token=x&c":        "/p?a=b&access_token=***&c",
		"/p?API-KEY=x;y&apikey=":         "/p?API-KEY=***&apikey=***",
		"/p?%61ccess_tok%65n=x":          "/p?%61ccess_tok%65n=***",
		"/p?a=%zz&tok%65n%zz=x&password": "/p?a=%zz&tok%65n%zz=***&password",
		"/p?user%5Bcard%5D=x&u[pwd]=y":   "/p?user%5Bcard%5D=***&u[pwd]=***",
		"/p?a=1;c%61rd=x&b=2":            "/p?a=***&b=2",
		"/p?next=/q%3Ftoken%3Dx":         "/p?next=***",
		"/p;a=b/c;sid=x/d?e":             "/p;***?e",
		"/p;a=b/keys:all":                "/p;***",
		"/keys:all;a=b":                  "/keys:all;a=b",
		"/p?":                            "/p?",
	} {
		assert.Equal(t, want, redactQuery(uri, secretOrCard))
	}
}

func TestSecretsInTexts(t *testing.T) {
	for text, want := range map[string]bool{
		"Matched Data: x found within REQUEST_URI: /?a=b&access_token=x": true,
		"/?c%61rd=X&b=../../etc/passwd":                                  true,
		"/?pass%77ord=x":                                                 true,
		"user%5Bcard%5D%3Dx":                                             true,
		"user[card]=x":                                                   true,
		`{"password": "x"}`:                                              true,
		`{"p\u0077d": "x"}`:                                              true,
		"passwd=x":                                                       true,
		"cat /etc/passwd":                                                false,
		"x=/etc/passwd":                                                  false,
		"":                                                               false,
		"=:":                                                             false,
	} {
		assert.Equal(t, want, mentionsSecret(text, secretOrCard), text)
	}
}

func TestWhatIsLoggedHoldsNoSecret(t *testing.T) {
	const attack = "<script>alert(1)</script>"
	tests := map[string]struct{ path, contentType, body string }{
		"fields of JSON":       {"/", "application/json", `{"card":"TOP` + attack + `","user":{"card":["TOP` + attack + `"],"pwd":"TOP` + attack + `"},"p\u0077d":"TOP` + attack + `"}`},
		"fields of fields":     {"/", "application/x-www-form-urlencoded", "user[card]=TOP" + attack + "&c%61rd=TOP" + attack},
		"parts":                {"/", "multipart/form-data; boundary=q", "--q\r\ncontent-disposition: form-data; name=\"user[pin]\"\r\n\r\nTOP" + attack + "\r\n--q--\r\n"},
		"an escaped name":      {"/?c%61rd=TOP&b=../../etc/passwd", "", ""},
		"a name escaped twice": {"/?pass%2577ord=TOP&b=../../etc/passwd", "", ""},
		"behind a semicolon":   {"/?a=1;card=TOP&b=../../etc/passwd", "", ""},
		"in the path":          {"/..%2f..%2fetc/passwd;sid=TOP/x", "", ""},
		"JSON read as a form":  {"/", "text/plain", `{"card":"TOP` + attack + `"}`},
	}
	config := `{"useCRS": true, "detection_only": true, "crs": {"paranoia_level": 4}, "audit_log": {"redact": ["card"]}, "secRules": [
		"SecRule ARGS \"@contains TOP\" \"id:1,phase:2,log,pass,msg:'saw %{MATCHED_VAR}'\""]}`
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			lines := []string{}
			if tt.contentType != "" {
				lines = append(lines, "content-type: "+tt.contentType)
			}
			s, _ := examine(t, config, headers("POST", tt.path, lines...), tt.body)
			var logged strings.Builder
			for _, match := range s.matches {
				for _, data := range match.MatchedDatas() {
					logged.WriteString(s.matchLine(match, data, "") + "\n")
				}
			}
			logged.Write(s.record(s.matches))
			assert.Contains(t, logged.String(), redacted, "something was to be logged")
			assert.NotContains(t, logged.String(), "TOP")
		})
	}
}

func FuzzRedactQuery(f *testing.F) {
	for _, seed := range []string{"/p?a=b&token=x", "/?&&=&", "/p?token=1=2&%zz=3", "?"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, uri string) {
		got := redactQuery(uri, secretOrCard)
		if again := redactQuery(got, secretOrCard); again != got {
			t.Errorf("%q becomes %q, and that %q", uri, got, again)
		}
		if none := redactQuery(uri, func(string) bool { return false }); none != uri {
			t.Errorf("%q becomes %q although nothing is a secret", uri, none)
		}
	})
}

func TestAnAttackThatNamesASetting(t *testing.T) {
	s, _ := examine(t, `{"useCRS": true, "detection_only": true}`, headers("POST", "/", "content-type: application/x-www-form-urlencoded"), "var=session.referer_check%3dtrue")
	var logged strings.Builder
	for _, match := range s.matches {
		for _, data := range match.MatchedDatas() {
			logged.WriteString(s.matchLine(match, data, "") + "\n")
		}
	}
	assert.Contains(t, logged.String(), "session.referer_check=t found within ARGS:var:")
}
