package main

import (
	"net/netip"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm"
	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"

	"github.com/wasmplane/wasmplane/extensions/internal/refusal"
	"github.com/wasmplane/wasmplane/pkg/log"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

// Response-code-details. The first three are those that access log filters of the Higress plugin look for.
const (
	noAddress  = "key-auth.get_ip_failed"
	notAllowed = "key-auth.ip_not_allowed"
	denied     = "key-auth.ip_denied"
	noList     = "ip-restriction.list_unavailable"
)

// mostWaiting is how many requests of a VM may wait for the first list of a service.
const mostWaiting = 64

func onRequestHeaders(_ wrapper.HttpContext, config Config) types.Action {
	client, err := config.client.Client()
	if err != nil {
		if wrapper.LogEnabled(wrapper.LogLevelWarn) {
			log.Warn("the client's address cannot be read: " + err.Error())
		}
		return refuse(&config, noAddress)
	}
	if !config.listed.known() {
		return await(&config, client)
	}
	if reason := judge(&config, client); reason != "" {
		return refuse(&config, reason)
	}
	return types.HeaderContinue
}

// judge returns why the client may not pass, "" if it may.
func judge(config *Config, client netip.Addr) string {
	listed := config.listed.hold(client)
	switch {
	case config.deny && listed:
		return denied
	case !config.deny && !listed:
		return notAllowed
	}
	return ""
}

// await holds a request while the first list of the service is fetched for it. One that would have to wait for a
// service that has failed before, or behind many others, is refused.
func await(config *Config, client netip.Addr) types.Action {
	feed := config.listed.feed
	if feed.failed() || feed.waiting >= mostWaiting {
		return unavailable()
	}
	if err := feed.first(func() { resume(config, client) }); err != nil {
		return unavailable()
	}
	return types.HeaderStopAllIterationAndWatermark
}

// resume decides about a request that was held.
func resume(config *Config, client netip.Addr) {
	if !config.listed.known() {
		unavailable()
		return
	}
	if reason := judge(config, client); reason != "" {
		refuse(config, reason)
		return
	}
	if err := proxywasm.ResumeHttpRequest(); err != nil {
		log.Error("the request cannot be resumed: " + err.Error())
	}
}

func refuse(config *Config, details string) types.Action {
	return refusal.Send(config.status, details, nil, config.body)
}

func unavailable() types.Action { return refusal.Send(503, noList, nil, nil) }
