package main

import (
	"errors"
	"math"
	"net/url"
	"strconv"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/wasmplane/wasmplane/extensions/internal/body"
	"github.com/wasmplane/wasmplane/extensions/internal/field"
	"github.com/wasmplane/wasmplane/extensions/internal/independent"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

const (
	defaultHost    = "api.openai.com"
	defaultPath    = "/v1/completions"
	defaultChat    = "/v1/chat/completions"
	defaultModel   = "text-davinci-003"
	defaultTimeout = 10_000 // ms
)

// Config is the global configuration, or that of a rule; a rule inherits nothing.
type Config struct {
	independent.Global
	client        wrapper.HttpClient
	url           string // with host, path and query
	authorization string
	timeout       uint32 // ms
	promptParam   string
	promptPath    string // in a JSON body; "" for none
	promptQuery   body.Query
	question      question
}

func parseConfig(o field.Object, config *Config) error {
	chat, _, err := o.Bool("chat")
	if err != nil {
		return err
	}
	target, err := parseURI(o, chat)
	if err != nil {
		return err
	}
	config.url = target.String()
	key, _, err := o.String("apiKey")
	if err != nil {
		return err
	}
	if key == "" {
		return errors.New("no apiKey found in config")
	}
	if strings.ContainsAny(key, "\r\n\x00") {
		return o.FieldError("apiKey", "must not have line breaks")
	}
	config.authorization = "Bearer " + key
	if config.promptParam, err = o.StringOr("promptParam", "prompt"); err != nil {
		return err
	}
	if config.promptPath, err = o.StringOr("prompt_body_path", ""); err != nil {
		return err
	}
	config.promptQuery = body.ParseQuery(config.promptPath)
	timeout, set, err := o.Int("timeout", 1, math.MaxInt32)
	if err != nil {
		return err
	}
	config.timeout = defaultTimeout
	if set {
		config.timeout = uint32(timeout)
	}
	if config.client, err = parseService(o, target.Host); err != nil {
		return err
	}
	config.question, err = parseQuestion(o, chat)
	return err
}

// parseURI takes a URI without scheme for https.
func parseURI(o field.Object, chat bool) (*url.URL, error) {
	path := defaultPath
	if chat {
		path = defaultChat
	}
	uri, err := o.StringOr("chatgptUri", "https://"+defaultHost+path)
	if err != nil {
		return nil, err
	}
	if !strings.Contains(uri, "://") && !strings.HasPrefix(uri, "/") {
		uri = "https://" + uri
	}
	target, err := url.Parse(uri)
	if err != nil {
		return nil, o.FieldError("chatgptUri", "must be a URI such as https://api.openai.com/v1/completions")
	}
	if target.Path == "" {
		return nil, errors.New("not found path in chatgptUri")
	}
	if target.Host == "" {
		return nil, errors.New("not found host in chatgptUri")
	}
	target.User, target.Fragment = nil, ""
	return target, nil
}

// parseService returns a client of the service, or of the cluster that the route leads to.
func parseService(o field.Object, host string) (wrapper.HttpClient, error) {
	name, err := o.StringOr("service_name", "")
	if err != nil {
		return nil, err
	}
	port, set, err := o.Int("service_port", 1, 65535)
	if err != nil {
		return nil, err
	}
	if name == "" {
		return wrapper.NewClusterClient(wrapper.RouteCluster{Host: host}), nil
	}
	if !set {
		port = 443
		if strings.HasSuffix(name, ".static") {
			port = 80
		}
	}
	return wrapper.NewClusterClient(wrapper.FQDNCluster{FQDN: name, Port: port, Host: host}), nil
}

// number reads a number as it is written.
func number(o field.Object, key, otherwise string, low, high float64) (string, error) {
	v := o.Get(key)
	if !v.Exists() {
		return otherwise, nil
	}
	n, err := strconv.ParseFloat(v.String(), 64)
	if err != nil || !(n >= low && n <= high) || !gjson.Valid(v.String()) {
		return "", o.FieldError(key, "must be a number from "+strconv.FormatFloat(low, 'g', -1, 64)+" to "+
			strconv.FormatFloat(high, 'g', -1, 64)+", not "+v.Raw)
	}
	return v.String(), nil
}
