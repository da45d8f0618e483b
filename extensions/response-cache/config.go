package main

import (
	"errors"
	"math"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"github.com/wasmplane/wasmplane/extensions/internal/body"
	"github.com/wasmplane/wasmplane/extensions/internal/field"
	"github.com/wasmplane/wasmplane/extensions/internal/httpcache"
	"github.com/wasmplane/wasmplane/extensions/internal/httpheader"
	"github.com/wasmplane/wasmplane/extensions/internal/independent"
	"github.com/wasmplane/wasmplane/extensions/internal/redislogin"
	"github.com/wasmplane/wasmplane/pkg/log"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

const (
	defaultPrefix   = "higress-resp-cache:"
	defaultMaxBody  = 10 << 20 // bytes
	maxRequestBody  = 10 << 20 // bytes of a body that is read for its key
	defaultHTTPWait = 3000     // ms
	defaultLock     = 30000    // ms
	defaultRemember = 30       // s
	defaultKeep     = 3600     // s
	maxSeconds      = math.MaxInt32
)

// Config is the global configuration, or that of a rule; a rule inherits nothing. It is little more than a pointer,
// because handlers get a copy.
type Config struct {
	independent.Global
	*cache
}

// cache is a configuration and, of this VM, the requests that wait in it.
type cache struct {
	redis    wrapper.RedisClient
	prefix   string // of all keys
	http     bool   // mode http
	statuses []int  // that are stored; nil in mode http: those of the RFC
	maxBody  int    // bytes of a response
	shared   bool   // users share what is stored
	parts    []keyPart
	purge    purge
	byKey
	rules   httpcache.Rules // of mode http
	flights flights
	clock   func() int64 // ms since 1970
}

// byKey are the settings of mode key.
type byKey struct {
	ttl           int // s, 0: for ever
	header        string
	keyPath       string     // "" and no header: the whole body, unless the key has parts
	keyQuery      body.Query // of keyPath
	valuePath     string
	valueQuery    body.Query
	contentType   string
	storeStatus   bool
	storedHeaders []string // lower case
}

// parseConfig reads the global configuration, or a rule.
func parseConfig(o field.Object, config *Config) error {
	c := &cache{clock: func() int64 { return time.Now().UnixMilli() }}
	mode, err := o.Enum("mode", "key", "http")
	if err != nil {
		return err
	}
	c.http = mode == "http"
	if err := c.parseStore(o); err != nil {
		return err
	}
	if err := c.parseByKey(o); err != nil {
		return err
	}
	if c.shared, _, err = o.Bool("share_across_users"); err != nil {
		return err
	}
	if c.parts, err = parseKeyParts(o, c.http); err != nil {
		return err
	}
	if c.maxBody, err = number(o, "max_body_bytes", 1, 64<<20, defaultMaxBody); err != nil {
		return err
	}
	if c.purge, err = parsePurge(o); err != nil {
		return err
	}
	if err := c.parseHTTP(o); err != nil {
		return err
	}
	if err := c.flights.parse(o, c); err != nil {
		return err
	}
	config.cache = c
	return nil
}

// parseStore reads where responses are kept. A gateway that refuses the Redis service is asked again at each call.
func (c *cache) parseStore(o field.Object) error {
	store, _, err := o.Object("cache")
	if err != nil {
		return err
	}
	kind, _, err := store.String("type")
	if err != nil {
		return err
	}
	if kind == "" {
		return errors.New("cache provider cannot be empty")
	}
	service, _, err := store.String("serviceName")
	if err != nil {
		return err
	}
	if service == "" {
		return errors.New("cache service name is required")
	}
	ttl, _, err := store.Int("cacheTTL", math.MinInt64, maxSeconds)
	if err != nil {
		return err
	}
	if ttl < 0 {
		return errors.New("cache TTL must be greater than or equal to 0")
	}
	c.ttl = int(ttl)
	if kind != "redis" {
		return errors.New("unknown cache service provider type: " + kind)
	}
	if c.header, _, err = o.String("cacheKeyFromHeader"); err != nil {
		return err
	}
	if c.keyPath, _, err = o.String("cacheKeyFromBody"); err != nil {
		return err
	}
	if c.header != "" && c.keyPath != "" {
		return errors.New("cacheKeyFromHeader and cacheKeyFromBody cannot be all set")
	}
	return c.connect(store, service)
}

func (c *cache) connect(store field.Object, service string) error {
	otherwise := 6379
	if strings.HasSuffix(service, ".static") {
		otherwise = 80
	}
	port, err := number(store, "servicePort", 0, 65535, otherwise)
	if err != nil {
		return err
	}
	timeout, err := number(store, "timeout", 0, maxSeconds, 10000)
	if err != nil {
		return err
	}
	username, password, err := redislogin.Of(store)
	if err != nil {
		return err
	}
	prefix, set, err := store.String("cacheKeyPrefix")
	if err != nil {
		return err
	}
	if c.prefix = prefix; !set {
		c.prefix = defaultPrefix
	}
	client := wrapper.NewRedisClusterClient(wrapper.FQDNCluster{FQDN: service, Port: int64(port)})
	c.redis = client
	return client.Init(username, password, int64(timeout))
}

func (c *cache) parseByKey(o field.Object) (err error) {
	c.header = strings.ToLower(c.header)
	c.keyQuery = body.ParseQuery(c.keyPath)
	if c.valuePath, _, err = o.String("cacheValueFromBody"); err != nil {
		return err
	}
	c.valueQuery = body.ParseQuery(c.valuePath)
	contentType, set, err := o.String("cacheValueFromBodyType")
	if err != nil {
		return err
	}
	if c.contentType = contentType; !set {
		c.contentType = "application/json"
	}
	if strings.ContainsAny(c.contentType, "\r\n\x00") {
		return o.FieldError("cacheValueFromBodyType", "must not hold control characters")
	}
	if c.storeStatus, _, err = o.Bool("store_status"); err != nil {
		return err
	}
	names, _, err := o.Strings("store_headers")
	if err != nil {
		return err
	}
	for i, name := range names {
		name = strings.ToLower(name)
		if strings.HasPrefix(name, ":") || name == "set-cookie" || name == "content-length" {
			return o.FieldError(field.Item("store_headers", i), name+" cannot be replayed")
		}
		c.storedHeaders = append(c.storedHeaders, name)
	}
	c.statuses = parseStatuses(o.Get("cacheResponseCode"))
	if c.statuses == nil && !c.http {
		c.statuses = []int{200}
	}
	return nil
}

// parseStatuses reads numbers and texts of digits. What is no status is left out, with a warning.
func parseStatuses(list gjson.Result) (statuses []int) {
	for _, item := range list.Array() {
		text := item.String()
		n := 0
		for i := 0; len(text) == 3 && i < 3; i++ {
			if text[i] < '0' || text[i] > '9' {
				n = 0
				break
			}
			n = n*10 + int(text[i]-'0')
		}
		if n < 100 {
			log.Warn("Skip invalid response_code value: " + text)
			continue
		}
		statuses = append(statuses, n)
	}
	return statuses
}

// onlyByKey are the fields that mean nothing to an HTTP cache, and onlyHTTP those that mean nothing to the other mode.
var (
	onlyByKey = []string{"cacheKeyFromHeader", "cacheKeyFromBody", "cacheValueFromBody", "cacheValueFromBodyType", "store_status", "store_headers"}
	onlyHTTP  = []string{"keep_stale", "stale_if_error"}
)

func (c *cache) parseHTTP(o field.Object) error {
	wrong, needed := onlyByKey, "key"
	if !c.http {
		wrong, needed = onlyHTTP, "http"
	}
	for _, name := range wrong {
		if o.Has(name) {
			return o.FieldError(name, "is for mode "+needed)
		}
	}
	keep, err := number(o, "keep_stale", 0, maxSeconds, defaultKeep)
	if err != nil {
		return err
	}
	staleIfError, err := number(o, "stale_if_error", 0, maxSeconds, 0)
	if err != nil {
		return err
	}
	c.rules = httpcache.Rules{
		Heuristic:    int64(c.ttl) * 1000,
		Keep:         int64(keep) * 1000,
		StaleIfError: int64(staleIfError) * 1000,
		Statuses:     c.statuses,
	}
	if !c.shared && !hasPart(c.parts, partConsumer) {
		c.rules.UserHeaders = []string{httpheader.Consumer}
	}
	return nil
}

func number(o field.Object, key string, low, high int64, otherwise int) (int, error) {
	n, err := o.IntOr(key, low, high, int64(otherwise))
	return int(n), err
}
