package consumers

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"github.com/wasmplane/wasmplane/extensions/internal/field"
	"github.com/wasmplane/wasmplane/extensions/internal/plugintest"
)

// callers stands for a plugin's own part.
type callers struct{ names map[string]bool }

func parseCallers(o field.Object) (*callers, error) {
	if o.Has("broken") {
		return nil, errors.New("broken: must not be there")
	}
	list, _, err := o.Objects("consumers")
	if err != nil || len(list) == 0 {
		return nil, err
	}
	auth := &callers{names: map[string]bool{}}
	for _, consumer := range list {
		name, err := Name(consumer)
		if err != nil {
			return nil, err
		}
		auth.names[name] = true
	}
	return auth, nil
}

// tables are those of the six plugins, as docs/consumers.md shows them.
var tables = map[string]Table[callers]{
	"basic-auth": {Plugin: "basic-auth", Parse: parseCallers, Own: bothKinds, Ignored: older, Refused: newer},
	"key-auth":   {Plugin: "key-auth", Parse: parseCallers, Own: bothKinds, Ignored: older, Refused: newer},
	"jwt-auth":   {Plugin: "jwt-auth", Parse: parseCallers, Own: []string{"consumers"}, Ignored: older, Refused: newer},
	"hmac-auth":  {Plugin: "hmac-auth", Parse: parseCallers, Own: bothKinds, Ignored: older, Refused: newer, BareRule: BareRuleDenies},
	"oauth":      {Plugin: "oauth", Parse: parseCallers, Own: []string{"consumers"}, Ignored: older, BareRule: BareRuleDenies},
	"hmac-auth-apisix": {Plugin: "hmac-auth-apisix", Parse: parseCallers, Ignored: older, BareRule: BareRuleFollowsGlobal,
		ChecksUnmatched: true, IgnoresDisable: true, Known: func(auth *callers, name string) bool { return auth.names[name] }},
}

var bothKinds, older, newer = []string{"consumers", "credentials"}, []string{"broken", "realm"}, []string{"hide"}

// verdict tells who passes: "open", "any" caller, "ann" alone, "nobody"; or the load error.
func verdict(a *Access, err error) string {
	switch {
	case err != nil:
		return "error: " + err.Error()
	case !a.Required():
		return "open"
	case a.Allows("bob") && a.Allows("ann") && a.Allows(""):
		return "any"
	case a.Allows("ann") && !a.Allows("bob") && !a.Allows(""):
		return "ann"
	case !a.Allows("ann") && !a.Allows("bob") && !a.Allows(""):
		return "nobody"
	}
	return "something else"
}

const named = `"consumers": [{"name": "ann"}, {"name": "bob"}]`

func TestUnmatchedRequests(t *testing.T) {
	tests := []struct {
		config string // beside consumers
		want   string
		apisix string // where it differs
	}{
		{`"x": 0`, "any", ""},
		{`"global_auth": null`, "any", ""},
		{`"global_auth": true`, "any", ""},
		{`"global_auth": "1"`, `error: global_auth: must be true or false, not "1"`, ""},
		{`"global_auth": false`, "open", ""},
		{`"_rules_": [{}]`, "open", "any"},
		{`"global_auth": null, "_rules_": [{}]`, "open", "any"},
		{`"global_auth": "true", "_rules_": [{}]`, "any", ""},
		{`"global_auth": 0, "_rules_": [{}]`, "open", ""},
		{`"_rules_": []`, "any", ""},
	}
	for plugin, table := range tables {
		for _, tt := range tests {
			t.Run(plugin+"/"+tt.config, func(t *testing.T) {
				plugintest.KeepLog()
				want := tt.want
				if plugin == "hmac-auth-apisix" && tt.apisix != "" {
					want = tt.apisix
				}
				var config Config[callers]
				err := table.ParseGlobal(gjson.Parse(`{`+tt.config+`, `+named+`}`), &config)
				assert.Equal(t, want, verdict(&config.Access, err))
			})
		}
	}
}

func TestMatchedRequests(t *testing.T) {
	const required, empty = "error: allow is required", "error: allow cannot be empty"
	tests := []struct {
		rule         string
		globalAuth   string
		go3          string // basic-auth, key-auth, jwt-auth
		cpp2         string // hmac-auth, oauth
		apisix       string
		apisixForced string // the same with global_auth true
	}{
		{`{"allow": ["ann"]}`, "false", "ann", "ann", "ann", "ann"},
		{`{"allow": "ann"}`, "false", "ann", "ann", "ann", "ann"},
		{`{"allow": ["nobody", ""]}`, "false", "nobody", "nobody", "nobody", "nobody"},
		{`{"allow": [true]}`, "false", "nobody", "nobody", "nobody", "nobody"},
		{`{"allow": [{}]}`, "false", "error: allow[0]: must be a string", "error: allow[0]: must be a string", "error: allow[0]: must be a string", "error: allow[0]: must be a string"},
		{`{}`, "false", required, "nobody", "open", "any"},
		{`{"allow": []}`, "false", empty, "nobody", "open", "any"},
		{`{"allow": null}`, "false", empty, "nobody", "open", "any"},
		{`{"_disable_": true}`, "true", "open", "open", "any", "any"},
		{`{"_disable_": "true", "allow": ["ann"]}`, "true", "open", "open", "ann", "ann"},
		{`{"_disable_": false, "allow": ["ann"]}`, "true", "ann", "ann", "ann", "ann"},
		{`{"consumers": [{"name": "own"}]}`, "false", "any", "any", "open", "any"},
		{`{"consumers": [{"name": "own"}], "allow": ["ann"]}`, "false", "any", "any", "ann", "ann"},
		{`{"consumers": []}`, "false", "error: consumers cannot be empty", "error: consumers cannot be empty", "open", "any"},
	}
	for plugin, table := range tables {
		for _, tt := range tests {
			t.Run(plugin+tt.rule, func(t *testing.T) {
				plugintest.KeepLog()
				want := tt.go3
				switch plugin {
				case "hmac-auth", "oauth":
					want = tt.cpp2
				case "hmac-auth-apisix":
					want = tt.apisix
					if tt.globalAuth == "true" {
						want = tt.apisixForced
					}
				}
				assert.Equal(t, want, ruleVerdict(t, table, tt.globalAuth, tt.rule))
				if plugin == "hmac-auth-apisix" {
					assert.Equal(t, tt.apisixForced, ruleVerdict(t, table, "true", tt.rule))
				}
			})
		}
	}
}

func ruleVerdict(t *testing.T, table Table[callers], globalAuth, rule string) string {
	t.Helper()
	var global, config Config[callers]
	require.NoError(t, table.ParseGlobal(gjson.Parse(`{"global_auth": `+globalAuth+`, `+named+`, "_rules_": [`+rule+`]}`), &global))
	err := table.ParseRule(gjson.Parse(rule), global, &config)
	if err == nil && config.Required() {
		assert.NotNil(t, config.Auth)
	}
	return verdict(&config.Access, err)
}

func TestRulesWithoutAUsableGlobalPart(t *testing.T) {
	for plugin, table := range tables {
		t.Run(plugin, func(t *testing.T) {
			plugintest.KeepLog()
			var none, broken, config Config[callers]
			const needed = "allow: needs consumers in the global configuration"
			assert.EqualError(t, table.ParseRule(gjson.Parse(`{"allow": ["ann"]}`), none, &config), needed)
			require.NoError(t, table.ParseGlobal(gjson.Parse(`{"broken": 1, "_rules_": [{}]}`), &broken), "the first rule reports it")
			for _, rule := range []string{`{"allow": ["ann"]}`, `{"_disable_": true}`, `{` + named + `}`} {
				assert.EqualError(t, table.ParseRule(gjson.Parse(rule), broken, &config), "global configuration: broken: must not be there")
			}
			assert.EqualError(t, table.ParseGlobal(gjson.Parse(`{"broken": 1}`), &config), "broken: must not be there")
		})
	}
}

func TestAuthenticationWithoutCallersIsNotLoaded(t *testing.T) {
	plugintest.KeepLog()
	var config Config[callers]
	table := tables["oauth"]
	assert.EqualError(t, table.ParseGlobal(gjson.Parse(`{"global_auth": true}`), &config), "consumers is required")
	assert.EqualError(t, table.ParseGlobal(gjson.Parse(`{}`), &config), "consumers is required")
	assert.NoError(t, table.ParseGlobal(gjson.Parse(`{"global_auth": false}`), &config))
}

func TestAGlobalPartWithoutCallers(t *testing.T) {
	plugintest.KeepLog()
	for plugin, table := range tables {
		for global, want := range map[string]string{
			`{"global_auth": false, "_rules_": [{}]}`:                               "",
			`{"strip_consumer_header": true, "_rules_": [{}]}`:                      "",
			`{"global_auth": true, "_rules_": [{}]}`:                                "consumers is required",
			`{"global_auth": false, "realm": "R", "broken": 1, "_rules_": [{}]}`:    "broken: must not be there",
			`{"global_auth": true, "strip_consumer_header": true, "_rules_": [{}]}`: "consumers is required",
		} {
			var config Config[callers]
			require.NoError(t, table.ParseGlobal(gjson.Parse(global), &config), "the first rule reports it")
			if plugin == "hmac-auth-apisix" && want == "" && !strings.Contains(global, "global_auth") {
				want = "consumers is required" // for requests that match no rule
			}
			if want == "" {
				assert.NoError(t, config.failure, plugin+global)
				continue
			}
			assert.EqualError(t, config.failure, want, plugin+global)
		}
	}
}

func TestARuleThatReliesOnWhatHasNoEffect(t *testing.T) {
	plugintest.KeepLog()
	var global, config Config[callers]
	table := tables["jwt-auth"]
	require.NoError(t, table.ParseGlobal(gjson.Parse(`{`+named+`, "_rules_": [{}]}`), &global))
	assert.EqualError(t, table.ParseRule(gjson.Parse(`{"allow": ["ann"], "hide": false}`), global, &config), "hide: has no effect in a rule without consumers")
	assert.NoError(t, table.ParseRule(gjson.Parse(`{"allow": ["ann"], "hide": null}`), global, &config))
}

func TestWhatIsLoggedAtLoad(t *testing.T) {
	tests := []struct {
		plugin, global, rule string
		warnings, errors     []string
	}{
		{"hmac-auth", `{"global_auth": false, ` + named + `}`, "", []string{"global_auth is false and there are no rules: no request needs authentication"}, nil},
		{"hmac-auth", `{` + named + `, "_rules_": [{}]}`, `{}`, nil, []string{"a rule without names in allow and without callers of its own lets nobody pass"}},
		{"hmac-auth-apisix", `{` + named + `, "_rules_": [{}]}`, `{"allow": []}`, []string{"allow: an empty list has no effect"}, nil},
		{"hmac-auth-apisix", `{` + named + `, "_rules_": [{}]}`, `{"allow": ["ann", "eve"]}`, []string{`allow[1]: no consumer is named "eve"`}, nil},
		{"key-auth", `{` + named + `, "_rules_": [{}]}`, `{"allow": ["eve"]}`, nil, nil},
		{"key-auth", `{` + named + `, "_rules_": [{}]}`, `{"allow": ["ann"], "realm": "R"}`, nil, []string{"realm: has no effect in a rule without consumers or credentials"}},
		{"key-auth", `{` + named + `, "_rules_": [{}]}`, `{"_disable_": true, "realm": "R", "hide": true}`, nil, nil},
		{"key-auth", `{` + named + `, "_rules_": [{}]}`, `{` + named + `, "realm": "R", "hide": true}`, nil, nil},
		{"hmac-auth-apisix", `{` + named + `, "_rules_": [{}]}`, `{"allow": ["ann"], "realm": "R"}`, nil, []string{"realm: has no effect in a rule"}},
	}
	for _, tt := range tests {
		t.Run(tt.plugin+tt.rule, func(t *testing.T) {
			l := plugintest.KeepLog()
			table := tables[tt.plugin]
			var global, config Config[callers]
			require.NoError(t, table.ParseGlobal(gjson.Parse(tt.global), &global))
			if tt.rule != "" {
				require.NoError(t, table.ParseRule(gjson.Parse(tt.rule), global, &config))
			}
			assert.Equal(t, tt.warnings, l.Warnings)
			assert.Equal(t, tt.errors, l.Errors)
		})
	}
}

func TestWhatARuleTellsThePlugin(t *testing.T) {
	plugintest.KeepLog()
	table := tables["jwt-auth"]
	var alone, beside, rule Config[callers]
	require.NoError(t, table.ParseGlobal(gjson.Parse(`{`+named+`}`), &alone))
	require.NoError(t, table.ParseGlobal(gjson.Parse(`{`+named+`, "_rules_": [{}]}`), &beside))
	require.NoError(t, table.ParseRule(gjson.Parse(`{"allow": ["ann", "bob"]}`), alone, &rule))
	assert.True(t, alone.Alone())
	assert.False(t, beside.Alone())
	assert.False(t, rule.Alone())
	assert.Nil(t, alone.Allowed())
	assert.Equal(t, []string{"ann", "bob"}, rule.Allowed())
	assert.Same(t, alone.Auth, rule.Auth, "what is inherited is shared")
}

func TestFields(t *testing.T) {
	o := field.Of(gjson.Parse(`{"name": 42, "on": true, "float": 1.5, "list": [], "nothing": null, "object": {}, "one": "x", "realm": 7,
		"mixed": ["a", 1, true, ""], "bad": ["a", null], "tab": "a\tb", "line": "a\r\nb", "del": "\u007f"}`))
	text := func(v string, set bool, err error) string {
		if err != nil {
			return err.Error()
		}
		if !set {
			return "unset"
		}
		return v
	}
	assert.Equal(t, "42", text(Scalar(o, "name")))
	assert.Equal(t, "true", text(Scalar(o, "on")))
	assert.Equal(t, "1.5", text(Scalar(o, "float")))
	assert.Equal(t, "unset", text(Scalar(o, "nothing")))
	assert.Equal(t, "object: must be a string", text(Scalar(o, "object")))
	assert.Equal(t, "42", text(Text(o, "name")))
	assert.Equal(t, "on: must be a string", text(Text(o, "on")))
	assert.Equal(t, "float: must be a string", text(Text(o, "float")))
	assert.Equal(t, "unset", text(Text(o, "absent")))

	values, set, err := Scalars(o, "mixed")
	assert.Equal(t, []string{"a", "1", "true", ""}, values)
	assert.True(t, set && err == nil)
	values, set, err = Scalars(o, "one")
	assert.Equal(t, []string{"x"}, values)
	assert.True(t, set && err == nil)
	values, set, err = Scalars(o, "nothing")
	assert.True(t, len(values) == 0 && set && err == nil)
	_, set, err = Scalars(o, "absent")
	assert.True(t, !set && err == nil)
	_, _, err = Scalars(o, "bad")
	assert.EqualError(t, err, "bad[1]: must be a string")
	_, _, err = Scalars(o, "object")
	assert.EqualError(t, err, "object: must be a string")

	_, err = List(o, "absent")
	assert.EqualError(t, err, "absent is required")
	_, err = List(o, "nothing")
	assert.EqualError(t, err, "nothing cannot be empty")
	_, err = List(o, "list")
	assert.EqualError(t, err, "list cannot be empty")
	_, err = List(o, "mixed")
	assert.EqualError(t, err, "mixed[0]: must be an object")
	list, err := List(o, "object")
	assert.NoError(t, err)
	assert.Len(t, list, 1)

	realm, err := Realm(o)
	assert.NoError(t, err)
	assert.Equal(t, "7", realm)
	realm, err = Realm(field.Object{})
	assert.NoError(t, err)
	assert.Equal(t, "MSE Gateway", realm)
	assert.NoError(t, FitsHeader(o, "tab", "a\tb"))
	assert.EqualError(t, FitsHeader(o, "line", "a\r\nb"), "line: must not hold control characters")
	assert.EqualError(t, FitsHeader(o, "del", "\x7f"), "del: must not hold control characters")
}
