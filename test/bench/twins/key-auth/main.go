// The twin of extensions/key-auth, written against github.com/higress-group/wasm-go the way its documentation shows, for
// the common part of the job: keys in headers or parameters, global_auth, allow lists in rules.
package main

import (
	"errors"
	"fmt"
	"net/url"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm"
	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"
	"github.com/higress-group/wasm-go/pkg/log"
	"github.com/higress-group/wasm-go/pkg/wrapper"
	"github.com/tidwall/gjson"
)

func main() {}

func init() {
	wrapper.SetCtx(
		"key-auth",
		wrapper.ParseOverrideConfig(parseConfig, parseRuleConfig),
		wrapper.ProcessRequestHeaders(onRequestHeaders),
	)
}

type config struct {
	globalAuth *bool
	hasRules   bool
	keys       []string
	inHeader   bool
	inQuery    bool
	consumers  map[string]string // by credential
	allow      []string
}

func parseConfig(json gjson.Result, c *config) error {
	if v := json.Get("global_auth"); v.Exists() {
		b := v.Bool()
		c.globalAuth = &b
	}
	c.hasRules = len(json.Get("_rules_").Array()) > 0
	for _, k := range json.Get("keys").Array() {
		c.keys = append(c.keys, k.String())
	}
	if len(c.keys) == 0 {
		return errors.New("keys is required")
	}
	c.inHeader, c.inQuery = true, true
	if v := json.Get("in_header"); v.Exists() {
		c.inHeader = v.Bool()
	}
	if v := json.Get("in_query"); v.Exists() {
		c.inQuery = v.Bool()
	}
	c.consumers = map[string]string{}
	for _, item := range json.Get("consumers").Array() {
		credential := item.Get("credential").String()
		if _, ok := c.consumers[credential]; ok {
			return errors.New("duplicate consumer credential")
		}
		c.consumers[credential] = item.Get("name").String()
	}
	if len(c.consumers) == 0 {
		return errors.New("consumers is required")
	}
	return nil
}

func parseRuleConfig(json gjson.Result, global config, c *config) error {
	*c = global
	for _, name := range json.Get("allow").Array() {
		c.allow = append(c.allow, name.String())
	}
	if len(c.allow) == 0 {
		return errors.New("allow is required")
	}
	return nil
}

func onRequestHeaders(ctx wrapper.HttpContext, c config) types.Action {
	if len(c.allow) == 0 && !(c.globalAuth != nil && *c.globalAuth) && (c.globalAuth != nil || c.hasRules) {
		log.Info("authorization is not required")
		return types.ActionContinue
	}
	var found []string
	for _, key := range c.keys {
		if c.inHeader {
			if value, err := proxywasm.GetHttpRequestHeader(key); err == nil && value != "" {
				found = append(found, value)
				continue
			}
		}
		if c.inQuery {
			u, err := url.Parse(ctx.Path())
			if err != nil {
				continue
			}
			for _, value := range u.Query()[key] {
				if value != "" {
					found = append(found, value)
				}
			}
		}
	}
	switch {
	case len(found) > 1:
		return refuse(401, "key-auth.multi_key", "Request denied by Key Auth check. Multi Key Authentication information found.")
	case len(found) == 0:
		return refuse(401, "key-auth.no_key", "Request denied by Key Auth check. No Key Authentication information found.")
	}
	name, ok := c.consumers[found[0]]
	if !ok || len(c.allow) > 0 && !contains(c.allow, name) {
		return refuse(403, "key-auth.unauthorized", "Request denied by Key Auth check. Unauthorized consumer.")
	}
	_ = proxywasm.AddHttpRequestHeader("X-Mse-Consumer", name)
	log.Infof("consumer %q authenticated", name)
	return types.ActionContinue
}

func contains(list []string, item string) bool {
	for _, l := range list {
		if l == item {
			return true
		}
	}
	return false
}

func refuse(status uint32, details, body string) types.Action {
	err := proxywasm.SendHttpResponseWithDetail(status, details, [][2]string{{"WWW-Authenticate", fmt.Sprintf("Key realm=%s", "MSE Gateway")}}, []byte(body), -1)
	if err != nil {
		log.Errorf("send response: %v", err)
	}
	return types.ActionContinue
}
