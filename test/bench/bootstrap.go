package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strconv"
)

type object = map[string]any

func typeURL(message string) string {
	return "type.googleapis.com/envoy.extensions.filters." + message
}

// bootstrap is the configuration of an Envoy that answers every request itself, once the filters let it pass: what is
// measured is Envoy and its filters alone, no upstream. Ports are the system's choice.
func bootstrap(filters []any) []byte {
	router := object{"name": "envoy.filters.http.router", "typed_config": object{"@type": typeURL("http.router.v3.Router")}}
	manager := object{
		"@type": typeURL("network.http_connection_manager.v3.HttpConnectionManager"), "stat_prefix": "bench",
		"codec_type": "HTTP1", "generate_request_id": false,
		"route_config": object{"name": "bench", "virtual_hosts": []any{object{
			"name": "all", "domains": []any{"*"},
			"routes": []any{object{
				"name": routeName, "match": object{"prefix": "/"},
				"direct_response": object{"status": 200, "body": object{"inline_string": "data: {\"delta\":\"lorem ipsum\"}\n\n"}},
			}},
		}}},
		"http_filters": append(append([]any{}, filters...), router),
	}
	address := object{"socket_address": object{"address": "127.0.0.1", "port_value": 0}}
	return marshal(object{
		"node":  object{"id": "bench", "cluster": "bench"},
		"admin": object{"address": address},
		"static_resources": object{"listeners": []any{object{
			"name": "bench", "address": address,
			"filter_chains": []any{object{"filters": []any{
				object{"name": "envoy.filters.network.http_connection_manager", "typed_config": manager},
			}}},
		}}},
	})
}

// wasmFilter runs a module. Filters with the same module share a VM on each thread.
func wasmFilter(path string, configuration []byte) any {
	config := object{
		"name": "bench", "root_id": "bench", "allow_on_headers_stop_iteration": true,
		"vm_config": object{"runtime": "envoy.wasm.runtime.v8", "code": object{"local": object{"filename": path}}},
	}
	if len(configuration) > 0 {
		config["configuration"] = object{"@type": "type.googleapis.com/google.protobuf.StringValue", "value": string(configuration)}
	}
	return object{"name": "wasm", "typed_config": object{"@type": typeURL("http.wasm.v3.Wasm"), "config": config}}
}

// luaKeyCheck does with Lua what the key-auth of the benchmark does, with the keys in a table.
func luaKeyCheck() any {
	const script = `
local consumers = {["key-of-app-a"] = "app-a", ["key-of-app-b"] = "app-b"}
function envoy_on_request(handle)
  local headers = handle:headers()
  local key = headers:get("x-api-key") or headers:get("apikey")
  local consumer = key and consumers[key]
  if not consumer then
    handle:respond({[":status"] = key and "403" or "401"}, "denied")
    return
  end
  headers:add("x-mse-consumer", consumer)
end
`
	return object{"name": "lua", "typed_config": object{"@type": typeURL("http.lua.v3.Lua"), "default_source_code": object{"inline_string": script}}}
}

// nativeKeyCheck is Envoy's own filter.
func nativeKeyCheck() any {
	return object{"name": "api_key_auth", "typed_config": object{
		"@type": typeURL("http.api_key_auth.v3.ApiKeyAuth"),
		"credentials": []any{
			object{"key": theKey, "client": "app-a"}, object{"key": "key-of-app-b", "client": "app-b"},
		},
		"key_sources": []any{object{"header": "x-api-key"}, object{"header": "apikey"}},
	}}
}

// listenerAddress asks an Envoy's admin endpoint where its one listener is.
func listenerAddress(ctx context.Context, admin string) (string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+admin+"/listeners?format=json", nil)
	if err != nil {
		return "", err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	var answer struct {
		Statuses []struct {
			Address struct {
				Socket struct {
					Address string `json:"address"`
					Port    int    `json:"port_value"`
				} `json:"socket_address"`
			} `json:"local_address"`
		} `json:"listener_statuses"`
	}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		return "", fmt.Errorf("admin endpoint /listeners: %w", err)
	}
	if len(answer.Statuses) != 1 {
		return "", fmt.Errorf("admin endpoint /listeners: %d listeners", len(answer.Statuses))
	}
	socket := answer.Statuses[0].Address.Socket
	return net.JoinHostPort(socket.Address, strconv.Itoa(socket.Port)), nil
}
