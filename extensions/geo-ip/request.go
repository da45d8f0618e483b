package main

import (
	"net/url"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm"
	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"

	"github.com/wasmplane/wasmplane/pkg/log"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

// results are the names under which later plugins and the backend find the parts of a location.
var results = [...]struct {
	property []string
	header   string
	part     func(*location) string
}{
	{[]string{"geo-country"}, "x-higress-geo-country", func(l *location) string { return l.country }},
	{[]string{"geo-province"}, "x-higress-geo-province", func(l *location) string { return l.province }},
	{[]string{"geo-city"}, "x-higress-geo-city", func(l *location) string { return l.city }},
	{[]string{"geo-isp"}, "x-higress-geo-isp", func(l *location) string { return l.provider }},
}

// onRequestHeaders never stops a request.
func onRequestHeaders(_ wrapper.HttpContext, config Config) types.Action {
	// The headers that are set here must not have the route computed anew.
	if err := proxywasm.SetProperty([]string{"clear_route_cache"}, []byte("off")); err != nil {
		log.Error("the property clear_route_cache cannot be set: " + err.Error())
	}
	at, found := locate(&config)
	if !found {
		withdraw()
		return types.HeaderContinue
	}
	publish(&at)
	return types.HeaderContinue
}

// locate looks the client up.
func locate(config *Config) (location, bool) {
	if config.off {
		return location{}, false
	}
	client, err := config.client.Client()
	if err != nil {
		log.Error("the client's address cannot be read: " + err.Error())
		return location{}, false
	}
	if !client.Is4() {
		if wrapper.LogEnabled(wrapper.LogLevelWarn) {
			log.Warn("there is no data about IPv6 addresses: " + client.String())
		}
		return location{}, false
	}
	at, found := config.tables.find(number(client))
	if !found && wrapper.LogEnabled(wrapper.LogLevelError) {
		log.Error("the location is not known: " + client.String())
	}
	return at, found
}

// withdraw removes what a client claims about itself.
func withdraw() {
	for i := range results {
		if err := proxywasm.RemoveHttpRequestHeader(results[i].header); err != nil {
			log.Error(results[i].header + " cannot be removed: " + err.Error())
		}
	}
}

// publish sets properties, which cannot be empty, and headers, in place of what a client claims about itself.
func publish(at *location) {
	for i := range results {
		part := results[i].part(at)
		if part != "" {
			if err := proxywasm.SetProperty(results[i].property, []byte(part)); err != nil {
				log.Error("the property " + results[i].property[0] + " cannot be set: " + err.Error())
			}
		}
		if err := proxywasm.ReplaceHttpRequestHeader(results[i].header, url.QueryEscape(part)); err != nil {
			log.Error(results[i].header + " cannot be set: " + err.Error())
		}
	}
}
