package remote

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"github.com/wasmplane/wasmplane/extensions/internal/field"
	"github.com/wasmplane/wasmplane/extensions/internal/plugintest"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

const published = `{"keys":[{"kty":"OKP","kid":"one","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}`

// service takes calls, and answers when the test says so.
type service struct {
	wrapper.HttpClient
	refuses error
	calls   []call
}

type call struct {
	path    string
	headers [][2]string
	timeout uint32
	answer  wrapper.ResponseCallback
}

func (s *service) Get(path string, headers [][2]string, answer wrapper.ResponseCallback, timeout ...uint32) error {
	if s.refuses != nil {
		return s.refuses
	}
	s.calls = append(s.calls, call{path, headers, timeout[0], answer})
	return nil
}

// newSource is a source whose clock, service and log are the test's.
func newSource(t *testing.T) (source *Source, idp *service, clock *int64, logged *plugintest.Log) {
	t.Helper()
	idp, clock, logged = &service{}, new(int64), plugintest.KeepLog()
	*clock = 1000
	return &Source{place: "remote_jwks", client: idp, path: "/jwks", timeout: 700, duration: 600, refetch: 10,
		clock: func() int64 { return *clock }}, idp, clock, logged
}

func TestTheClockAsks(t *testing.T) {
	s, idp, clock, _ := newSource(t)
	s.tick()
	s.tick()
	require.Len(t, idp.calls, 1, "one call at a time")
	assert.Equal(t, "/jwks", idp.calls[0].path)
	assert.Equal(t, uint32(700), idp.calls[0].timeout)
	assert.Equal(t, [][2]string{{"accept", "application/jwk-set+json, application/json"}}, idp.calls[0].headers)
	assert.Nil(t, s.Keys())
	idp.calls[0].answer(200, nil, []byte(published))
	require.NotNil(t, s.Keys())
	assert.True(t, s.Keys().Knows("one"))
	*clock += 599
	s.tick()
	assert.Len(t, idp.calls, 1, "too early")
	*clock++
	s.tick()
	assert.Len(t, idp.calls, 2)
}

func TestWhatFailsLeavesTheLastSetInForce(t *testing.T) {
	tests := []struct {
		name   string
		status int
		body   string
		cause  string
	}{
		{"an error", 500, published, "status 500"},
		{"a redirect", 302, published, "status 302"},
		{"not modified", 304, "", "status 304"},
		{"a timeout", 504, "upstream request timeout", "status 504"},
		{"no answer", 502, "", "status 502"},
		{"nothing", 200, "", "must be a JSON Web Key Set"},
		{"a page", 200, "<html>sign in</html>", "must be a JSON Web Key Set"},
		{"an error in JSON", 200, `{"error":"x"}`, "must be a JSON Web Key Set"},
		{"no key", 200, `{"keys":[]}`, "must have a key that can verify"},
		{"secrets", 200, `{"keys":[{"kty":"oct","k":"AQ"}]}`, "must have a key that can verify"},
		{"half a set", 200, published[:40], "must be a JSON Web Key Set"},
		{"brackets without end", 200, strings.Repeat("[", 100_000), "must be a JSON Web Key Set"},
		{"a huge answer", 200, published + strings.Repeat(" ", 1<<20), "an answer of 1048"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, _, clock, logged := newSource(t)
			s.take(tt.status, []byte(tt.body))
			assert.Nil(t, s.Keys())
			s.take(200, []byte(published))
			first := s.Keys()
			require.NotNil(t, first)
			for i, want := range []int64{1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300} {
				s.take(tt.status, []byte(tt.body))
				assert.Equal(t, *clock+want, s.next, "after %d failures", i+1)
				assert.Same(t, first, s.Keys())
			}
			assert.True(t, strings.HasPrefix(logged.Errors[0], "remote_jwks: "+tt.cause), logged.Errors[0])
			assert.Contains(t, logged.Errors[0], "; there is no key set yet")
			assert.Contains(t, logged.Errors[1], "; the last key set stays in force")
			s.take(200, []byte(published))
			assert.NotSame(t, first, s.Keys())
			assert.Equal(t, *clock+600, s.next)
			s.take(500, nil)
			assert.Equal(t, *clock+1, s.next, "a success ends the back-off")
		})
	}
}

func TestACallThatCannotBeMade(t *testing.T) {
	s, idp, clock, logged := newSource(t)
	idp.refuses = errors.New("no such cluster")
	assert.False(t, s.Await(nil), "nothing to wait for")
	assert.Equal(t, []string{"remote_jwks: no such cluster; there is no key set yet"}, logged.Errors)
	s.tick()
	assert.Len(t, logged.Errors, 1, "too early")
	*clock++
	s.tick()
	assert.Len(t, logged.Errors, 2)
}

func TestWhenWaitingIsOfUse(t *testing.T) {
	t.Run("before the first answer, all wait for one call", func(t *testing.T) {
		s, idp, _, _ := newSource(t)
		for range mostWaiting {
			require.True(t, s.Await(nil))
		}
		assert.False(t, s.Await(nil), "too many")
		assert.Len(t, idp.calls, 1)
	})
	t.Run("not where the service has failed, until its next attempt", func(t *testing.T) {
		s, idp, clock, _ := newSource(t)
		s.take(500, nil)
		assert.False(t, s.Await(nil))
		assert.Empty(t, idp.calls)
		*clock++
		assert.True(t, s.Await(nil))
		assert.Len(t, idp.calls, 1)
	})
	t.Run("a set is asked for again at most once an interval", func(t *testing.T) {
		s, idp, clock, _ := newSource(t)
		s.tick()
		idp.calls[0].answer(200, nil, []byte(published))
		*clock += 9
		assert.False(t, s.Await(nil))
		*clock++
		assert.True(t, s.Await(nil))
		assert.True(t, s.Await(nil), "on the call under way")
		assert.Len(t, idp.calls, 2)
	})
}

func TestParse(t *testing.T) {
	tests := []struct{ config, want string }{
		{`{}`, "service_name: is required"},
		{`{"service_name": ""}`, "service_name: must not be empty"},
		{`{"service_name": "idp.dns", "service_port": 0, "path": "/"}`, "service_port: must be between 1 and 65535, not 0"},
		{`{"service_name": "idp.dns"}`, "path: is required"},
		{`{"service_name": "idp.dns", "path": "jwks"}`, "path: must begin with /"},
		{`{"service_name": "idp.dns", "path": "/", "service_host": 1}`, "service_host: must be a string"},
		{`{"service_name": "idp.dns", "path": "/", "jwks_cache_duration": 0}`, "jwks_cache_duration: must be between 1 and 604800, not 0"},
		{`{"service_name": "idp.dns", "path": "/", "jwks_fetch_timeout": "5s"}`, `jwks_fetch_timeout: must be a whole number, not "5s"`},
		{`{"service_name": "idp.dns", "path": "/", "jwks_refetch_interval": -1}`, "jwks_refetch_interval: must be between 1 and 86400, not -1"},
	}
	for _, tt := range tests {
		_, err := Parse(field.Of(gjson.Parse(tt.config)))
		assert.EqualError(t, err, tt.want)
	}
	plugintest.KeepLog()
	s, err := Parse(field.Of(gjson.Parse(`{"service_name": "idp.dns", "service_port": "443", "path": "/a", "jwks_fetch_timeout": 5000}`)))
	require.NoError(t, err)
	assert.Equal(t, "outbound|443||idp.dns", s.client.ClusterName())
	assert.Equal(t, []any{"/a", uint32(5000), int64(600), int64(10)}, []any{s.path, s.timeout, s.duration, s.refetch})
	assert.Greater(t, s.clock(), int64(1_700_000_000))
}
