package main

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"
	"github.com/higress-group/wasm-go/pkg/test"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"github.com/wasmplane/wasmplane/extensions/internal/httpheader"
	"github.com/wasmplane/wasmplane/extensions/internal/plugintest"
)

// basic makes request headers with a credential.
func basic(credential string) [][2]string {
	return withAuthorization("Basic " + base64.StdEncoding.EncodeToString([]byte(credential)))
}

func withAuthorization(values ...string) [][2]string {
	list := [][2]string{{":authority", "a.example"}, {":path", "/"}, {":method", "GET"}, {":scheme", "http"}}
	for _, value := range values {
		list = append(list, [2]string{authorization, value})
	}
	return list
}

func load(t testing.TB, config string) *authentication {
	t.Helper()
	var c Config
	require.NoError(t, table.ParseGlobal(gjson.Parse(config), &c))
	return c.Auth
}

func TestLoadErrors(t *testing.T) {
	const secret = "TOPSECRET"
	tests := []struct{ name, config, want string }{
		{"no consumers", `{}`, "consumers is required"},
		{"null consumers", `{"consumers": null}`, "consumers cannot be empty"},
		{"consumers of another type", `{"consumers": "a:b"}`, "consumers: must be a list of objects"},
		{"a null name", `{"consumers": [{"name": null, "credential": "a:b"}]}`, "consumers[0].name: consumer name is required"},
		{"a line break in a name", `{"consumers": [{"name": "a\r\nb", "credential": "a:b"}]}`, "consumers[0].name: must not hold control characters"},
		{"the name is told before the credential", `{"consumers": [{}]}`, "consumers[0].name: consumer name is required"},
		{"no credential", `{"consumers": [{"name": "a"}]}`, "consumers[0].credential: consumer credential is required"},
		{"a credential of another type", `{"consumers": [{"name": "a", "credential": ["a:b"]}]}`, "consumers[0].credential: must be a string"},
		{"neither a colon nor base64", `{"consumers": [{"name": "a", "credential": "TOPSECRET!"}]}`, "invalid credential format: consumers[0].credential"},
		{"base64 of a text without a colon", `{"consumers": [{"name": "a", "credential": "YWxpY2U="}]}`, "invalid credential format: consumers[0].credential"},
		{"the same twice", `{"consumers": [{"name": "a", "credential": "u:TOPSECRET"}, {"name": "b", "credential": "u:TOPSECRET"}]}`, "duplicate consumer credential: consumers[1].credential"},
		{"empty credentials", `{"credentials": []}`, "credentials cannot be empty"},
		{"an empty one", `{"credentials": ["a:b", ""]}`, "credentials[1]: must not be empty"},
		{"one of another type", `{"credentials": ["a:b", {}]}`, "credentials[1]: must be a string"},
		{"a realm with a line break", `{"realm": "a\nb", "consumers": [{"name": "a", "credential": "a:b"}]}`, "realm: must not hold control characters"},
		{"a realm of another type", `{"realm": true, "consumers": [{"name": "a", "credential": "a:b"}]}`, "realm: must be a string"},
		{"encrypted of another type", `{"encrypted": "yes", "consumers": [{"name": "a", "credential": "a:b"}]}`, `encrypted: must be true or false, not "yes"`},
		{"hide_credentials of another type", `{"hide_credentials": 2, "consumers": [{"name": "a", "credential": "a:b"}]}`, "hide_credentials: must be true or false, not 2"},
		{"global_auth of another type", `{"global_auth": "t", "consumers": [{"name": "a", "credential": "a:b"}]}`, `global_auth: must be true or false, not "t"`},
		{"two colons with a hash", `{"encrypted": true, "credentials": ["a:{PLAIN}TOP:SECRET"]}`, "invalid credential format: credentials[0]"},
		{"the same hash twice", `{"encrypted": true, "credentials": ["a:{PLAIN}TOPSECRET", "a:{PLAIN}TOPSECRET"]}`, "duplicate consumer credential: credentials[1]"},
		{"a clear password where a hash is", `{"encrypted": true, "consumers": [{"name": "ann", "credential": "a:TOPSECRET"}]}`, `consumers[0].credential: the password hash of consumer "ann" is of no known kind: $2y$ (bcrypt), $6$, $5$, $1$, $apr1$, {SSHA}, {SHA} or {PLAIN}`},
		{"DES crypt", `{"encrypted": true, "credentials": ["a:ab5da3hZp5iFU"]}`, "credentials[0]: the password hash is traditional DES crypt, which is not secure and not supported: use bcrypt"},
		{"extended DES crypt", `{"encrypted": true, "credentials": ["a:_J9..rasmBYk8r9AiWNc"]}`, "credentials[0]: the password hash is traditional DES crypt, which is not secure and not supported: use bcrypt"},
		{"half a bcrypt hash", `{"encrypted": true, "credentials": ["a:$2y$05$QJJTJ6D98hPYn5ATcoRdre"]}`, "credentials[0]: the password hash is no complete bcrypt hash"},
		{"a bcrypt cost out of range", `{"encrypted": true, "credentials": ["a:$2a$99$QJJTJ6D98hPYn5ATcoRdreZdKJ9ucdQHbAs81dh43kqI1GcD3EBm6"]}`, "credentials[0]: the password hash is no complete bcrypt hash"},
		{"half an MD5 hash", `{"encrypted": true, "credentials": ["a:$apr1$demosalt$gDc3"]}`, "credentials[0]: the password hash is no complete $apr1$ hash"},
		{"an MD5 hash without salt", `{"encrypted": true, "credentials": ["a:$1$gDc3zMUuROyYp21WRv4SM1"]}`, "credentials[0]: the password hash is no complete $1$ hash"},
		{"SHA-1 of the wrong length", `{"encrypted": true, "credentials": ["a:{SHA}CcxQmwLcFfJ72txTnvM3Eak5AjpzYWx0c2FsdA=="]}`, "credentials[0]: the password hash must be the base64 form of a SHA-1 digest"},
		{"salted SHA-1 that is too short", `{"encrypted": true, "credentials": ["a:{SSHA}YWJj"]}`, "credentials[0]: the password hash must be the base64 form of a SHA-1 digest"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var config Config
			err := table.ParseGlobal(gjson.Parse(tt.config), &config)
			require.EqualError(t, err, tt.want)
			assert.NotContains(t, err.Error(), secret)
		})
	}
}

func TestRead(t *testing.T) {
	tests := []struct {
		name       string
		headers    [][2]string
		credential string
		state      credentialState
	}{
		{"a credential", basic("a:b"), "a:b", credentialGiven},
		{"a password with colons", basic("a:b:c:"), "a:b:c:", credentialGiven},
		{"an empty user and password", basic(":"), ":", credentialGiven},
		{"no header", withAuthorization(), "", credentialAbsent},
		{"an empty header", withAuthorization(""), "", credentialAbsent},
		{"the scheme alone", withAuthorization("Basic"), "", credentialAbsent},
		{"another scheme", withAuthorization("Digest Basic YTpi"), "", credentialAbsent},
		{"the same twice", withAuthorization("Basic YTpi", "Basic YTpi"), "a:b", credentialGiven},
		{"two", withAuthorization("Basic YTpi", "Basic YzpkZQ=="), "", credentialMalformed},
		{"two schemes", withAuthorization("Basic YTpi", "Bearer x"), "", credentialMalformed},
		{"two in one line, as a proxy joins them", withAuthorization("Basic YTpi,Basic YTpi"), "", credentialMalformed},
		{"no base64", withAuthorization("Basic !!!"), "", credentialMalformed},
		{"the alphabet of URLs", withAuthorization("Basic YTo_Pz8-"), "", credentialMalformed},
		{"no padding", withAuthorization("Basic YTpiYw"), "", credentialMalformed},
		{"no colon", basic("alice"), "", credentialMalformed},
		{"more than 32 KiB", basic("a:" + strings.Repeat("b", 32<<10)), "", credentialMalformed},
		{"line breaks in the password", basic("a:b\r\nx: y"), "a:b\r\nx: y", credentialGiven},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			credential, state := readCredential(tt.headers)
			assert.Equal(t, tt.credential, credential)
			assert.Equal(t, tt.state, state)
		})
	}
}

func TestClearPasswords(t *testing.T) {
	auth := load(t, `{"consumers": [{"name": "one", "credential": "svc:one"}, {"name": "two", "credential": "svc:two"},
		{"name": "empty", "credential": "nobody:"}, {"name": "base64", "credential": "YWxpY2U6d29uOmRlcg=="}, {"name": 42, "credential": "n:1"}]}`)
	for credential, want := range map[string]string{"svc:one": "one", "svc:two": "two", "nobody:": "empty", "alice:won:der": "base64", "n:1": "42"} {
		consumer, ok := auth.credentials.find(credential)
		assert.True(t, ok, credential)
		assert.Equal(t, want, consumer)
	}
	for _, credential := range []string{":", "svc:", "svc:onetwo", "svc:one ", "SVC:one", "nobody:x", "svc:one\x00"} {
		_, ok := auth.credentials.find(credential)
		assert.False(t, ok, credential)
	}
}

func TestHashes(t *testing.T) {
	tests := []struct{ name, hash, password string }{
		{"bcrypt 2a", "$2a$05$QJJTJ6D98hPYn5ATcoRdreZdKJ9ucdQHbAs81dh43kqI1GcD3EBm6", "wonder"},
		{"bcrypt 2y", "$2y$05$QJJTJ6D98hPYn5ATcoRdreZdKJ9ucdQHbAs81dh43kqI1GcD3EBm6", "wonder"},
		{"Apache MD5", "$apr1$demosalt$gDc3zMUuROyYp21WRv4SM1", "wonder"},
		{"MD5", "$1$demosalt$CgV9NxBKC88s8odtF0N2K1", "wonder"},
		{"MD5 of nothing", "$1$demosalt$tRncdwlAuPIA9xSJyYErd0", ""},
		{"SHA-256", "$5$demosalt$KAQOUl7oW1d8MIIhbzK.RbCRrJp5JVVO6cQTtK4HYU2", "wonder"},
		{"SHA-512", "$6$demosalt$WsbF0FCqGoRgHsPxWxiVz7r8HQcDaCTxpT7gK0GYtpYZ2rzN87rs5pVCaPGYjX3ZwYmoihalbIjTj5gU3UjPe.", "wonder"},
		{"SHA-512 with rounds", "$6$rounds=1000$demosalt$vUqtCsLyF.IeyFgy6tBsw6tCEGznmAoVWPOrBeVcCyVzNIsoiYI87JEwzOLAWjTbZMij19LIz72CfAYeD65gF.", "wonder"},
		{"SHA-1", "{SHA}w3QkzGJswDXW5OKZHAJw0FELjfM=", "wonder"},
		{"salted SHA-1", "{SSHA}CcxQmwLcFfJ72txTnvM3Eak5AjpzYWx0c2FsdA==", "wonder"},
		{"in clear", "{PLAIN}wonder", "wonder"},
		{"in clear and empty", "{PLAIN}", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			auth := load(t, `{"encrypted": true, "consumers": [{"name": "a", "credential": "u:`+tt.hash+`"}]}`)
			for range 2 { // computed, then remembered
				consumer, ok := auth.credentials.find("u:" + tt.password)
				assert.True(t, ok)
				assert.Equal(t, "a", consumer)
			}
			for _, wrong := range []string{"u:" + tt.password + "x", "u:x" + tt.password, "u:WONDER", "v:" + tt.password, "u:" + tt.hash} {
				_, ok := auth.credentials.find(wrong)
				assert.False(t, ok, wrong)
			}
		})
	}
}

// counting is a hash that knows how often it was asked.
type counting struct {
	password string
	asked    *int
}

func (h counting) matches(password string) bool {
	*h.asked++
	return password == h.password
}

func TestWhatAHashCosts(t *testing.T) {
	asked := 0
	c := newHashedCredentials()
	for i, user := range []string{"ann", "ann", "bob", "bob"} {
		consumer := string(rune('a' + i))
		if _, there := c.users[user]; !there {
			c.users[user] = len(c.hashes)
			c.hashes = append(c.hashes, nil)
		}
		at := c.users[user]
		c.hashes[at] = append(c.hashes[at], hashed{consumer, counting{"p" + consumer, &asked}, consumer})
	}
	steps := []struct {
		credential, consumer string
		cost                 int
	}{
		{"ann:pa", "a", 2},
		{"ann:pa", "a", 0},
		{"ann:pb", "b", 2},
		{"ann:wrong", "", 2},
		{"ann:wrong", "", 2},
		{"ann:pc", "", 2},
		{"eve:wrong", "", 2},
		{"eve:pa", "", 2},
		{"eve:pa", "", 2},
		{":", "", 2},
		{"bob:pd", "d", 2},
		{"bob:pd", "d", 0},
	}
	for _, step := range steps {
		asked = 0
		consumer, ok := c.find(step.credential)
		assert.Equal(t, step.consumer != "", ok, step.credential)
		assert.Equal(t, step.consumer, consumer, step.credential)
		assert.Equal(t, step.cost, asked, step.credential)
	}
	assert.Equal(t, 3, c.remembered.Len(), "only right passwords are remembered")
}

func TestLongPasswordsDoNotMakeCryptSlower(t *testing.T) {
	auth := load(t, `{"encrypted": true, "credentials": ["u:$6$rounds=1000$demosalt$vUqtCsLyF.IeyFgy6tBsw6tCEGznmAoVWPOrBeVcCyVzNIsoiYI87JEwzOLAWjTbZMij19LIz72CfAYeD65gF."]}`)
	_, ok := auth.credentials.find("u:" + strings.Repeat("x", 20<<10))
	assert.False(t, ok)

	first := strings.Repeat("x", maxCryptPassword)
	hash, err := parseHash("$1$demosalt$tRncdwlAuPIA9xSJyYErd0")
	require.NoError(t, err)
	text, err := hash.(*cryptHash).method.Generate([]byte(first), []byte("$1$demosalt$"))
	require.NoError(t, err)
	hash, err = parseHash(text)
	require.NoError(t, err)
	assert.True(t, hash.matches(first))
	assert.False(t, hash.matches(first+"y"), "what is cut off counts")
}

func TestWhatTheBackendGets(t *testing.T) {
	test.RunGoTest(t, func(t *testing.T) {
		host := plugintest.Start(t, `{"hide_credentials": true, "consumers": [{"name": "a", "credential": "u:p"}]}`)
		require.Equal(t, types.ActionContinue, host.CallOnHttpRequestHeaders(basic("u:p")))
		assert.False(t, test.HasHeader(host.GetRequestHeaders(), authorization))
		assert.True(t, test.HasHeaderWithValue(host.GetRequestHeaders(), httpheader.Consumer, "a"))
	})
}

func TestAFaultOfThePluginLetsNothingPass(t *testing.T) {
	plugintest.RefusesAtAFault(t, `{"consumers": [{"name": "a", "credential": "a:b"}]}`, append(basic("a:b"), [2]string{"x-mse-consumer", "a"}),
		func(c *Config) { c.Auth.credentials = nil }, "basic-auth.internal_error")
}

func TestTheCompiledModuleStartsAndAnswers(t *testing.T) {
	const wasm = "../../build/basic-auth.raw.wasm"
	test.RunWasmTestWithPath(t, wasm, func(t *testing.T) {
		host := plugintest.Start(t, `{"encrypted": true, "consumers": [{"name": "a", "credential": "u:$2a$05$QJJTJ6D98hPYn5ATcoRdreZdKJ9ucdQHbAs81dh43kqI1GcD3EBm6"}]}`)
		require.Equal(t, types.ActionContinue, host.CallOnHttpRequestHeaders(basic("u:wonder")))
		assert.True(t, test.HasHeaderWithValue(host.GetRequestHeaders(), httpheader.Consumer, "a"))
		host.CompleteHttp()
	})
}

func FuzzAuthorization(f *testing.F) {
	for _, value := range []string{"", "Basic", "Basic ", "Basic YTpi", "basic  YTpi ", "Basic YTpi,Basic YTpi", "Basic !!!", "Basic YQ==", "Bearer x", "Basic Og=="} {
		f.Add(value)
	}
	plain := load(f, `{"consumers": [{"name": "a", "credential": "a:b"}]}`)
	hashed := load(f, `{"encrypted": true, "consumers": [{"name": "a", "credential": "a:{PLAIN}b"}]}`)
	f.Fuzz(func(t *testing.T, value string) {
		credential, state := readCredential(withAuthorization(value))
		if (state == credentialGiven) != strings.Contains(credential, ":") {
			t.Fatalf("%q is read as %q, %d", value, credential, state)
		}
		if state != credentialGiven {
			return
		}
		_, known := plain.credentials.find(credential)
		_, knownByHash := hashed.credentials.find(credential)
		if known != (credential == "a:b") || knownByHash != known {
			t.Fatalf("%q: %v, by hash %v", credential, known, knownByHash)
		}
	})
}

func BenchmarkFind(b *testing.B) {
	for name, config := range map[string]string{
		"clear":  `{"consumers": [{"name": "a", "credential": "u:wonder"}]}`,
		"hashed": `{"encrypted": true, "consumers": [{"name": "a", "credential": "u:$2a$05$QJJTJ6D98hPYn5ATcoRdreZdKJ9ucdQHbAs81dh43kqI1GcD3EBm6"}]}`,
	} {
		auth := load(b, config)
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				auth.credentials.find("u:wonder")
			}
		})
	}
}
