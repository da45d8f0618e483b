// Package consumers holds what the plugins that authenticate named callers have in common: basic-auth, key-auth,
// jwt-auth, hmac-auth, hmac-auth-apisix and oauth. It decides whether a request's caller must authenticate and whether
// he may pass (`global_auth`, rules, `allow`, `_disable_`), names him to the backend (X-Mse-Consumer), and sends
// refusals. How a caller proves who he is, is the plugin's business.
//
// What differs between the plugins is told by a Table. docs/consumers.md shows the tables of all six side by side; the
// tests of this package are made from the same rows.
//
// A plugin names the type of its own fields, reads them in one function, and registers the table's two parsers:
//
//	type Config = consumers.Config[authentication]
//
//	type authentication struct {
//		names   map[string]string // token → consumer
//		refused consumers.Refusal
//	}
//
//	var table = consumers.Table[authentication]{
//		Plugin: "token-auth",
//		Own:    []string{"consumers"},
//		Parse:  parseAuthentication,
//	}
//
//	func init() {
//		wrapper.SetCtx("token-auth",
//			wrapper.FailClosed[Config](),
//			wrapper.ReadsRequestHeaders[Config](),
//			wrapper.ParseOverrideConfig(table.ParseGlobal, table.ParseRule),
//			wrapper.ProcessRequestHeaders(onRequestHeaders))
//	}
//
//	func parseAuthentication(o field.Object) (*authentication, error) {
//		list, err := consumers.List(o, "consumers")
//		...
//		for _, consumer := range list {
//			name, err := consumers.Name(consumer)
//			...
//		}
//	}
//
//	func onRequestHeaders(ctx wrapper.HttpContext, config Config) types.Action {
//		headers, action, checked := config.Enter(ctx)
//		if !checked {
//			return action
//		}
//		token, state := consumers.Credential(headers, "authorization")
//		name := config.Auth.names[token]
//		if state != consumers.Given || name == "" {
//			return config.Auth.refused.Send()
//		}
//		if !config.Allows(name) {
//			return config.Auth.forbidden.Send()
//		}
//		return config.Admit(headers, name)
//	}
//
// The package's example is a complete such plugin.
//
// Where a request must be authenticated, Config.Auth is never nil: a configuration that asks for authentication and has
// no callers does not load.
package consumers
