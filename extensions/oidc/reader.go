package main

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"github.com/wasmplane/wasmplane/extensions/internal/field"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

// reader reads fields, whose names are matched without case, and collects what is wrong with them. Types are strict: a
// text is no number and no switch. A field that is null counts as absent.
type reader struct {
	field.Object
	empty  bool // there is no field but those of rules
	faults []string
}

func newReader(o field.Object) *reader {
	r := &reader{empty: true}
	o.JSON().ForEach(func(name, _ gjson.Result) bool {
		r.empty = r.empty && strings.HasPrefix(name.String(), "_")
		return r.empty
	})
	r.Object = field.Of(folded(o.JSON()))
	return r
}

// folded is an object with its names in lower case. Of names that are then the same, the last counts.
func folded(object gjson.Result) gjson.Result {
	values := map[string]string{}
	var order []string
	object.ForEach(func(name, value gjson.Result) bool {
		key := strings.ToLower(name.String())
		if _, there := values[key]; !there {
			order = append(order, key)
		}
		values[key] = value.Raw
		return true
	})
	text := []byte{'{'}
	for i, key := range order {
		if i > 0 {
			text = append(text, ',')
		}
		text = append(append(gjson.AppendJSONString(text, key), ':'), values[key]...)
	}
	return gjson.ParseBytes(append(text, '}'))
}

// fault notes what is wrong, once.
func (r *reader) fault(text string) {
	if !slices.Contains(r.faults, text) {
		r.faults = append(r.faults, text)
	}
}

func (r *reader) check(err error) bool {
	if err != nil {
		r.fault(err.Error())
	}
	return err == nil
}

func (r *reader) text(key, otherwise string) string {
	value, set, err := r.String(key)
	if !r.check(err) || !set || value == "" {
		return otherwise
	}
	return value
}

func (r *reader) flag(key string, otherwise bool) bool {
	v := r.Get(key)
	if !v.Exists() {
		return otherwise
	}
	if !v.IsBool() {
		r.fault(key + ": must be true or false, not " + v.Raw)
	}
	return v.Bool()
}

func (r *reader) number(key string, low, high, otherwise int64) int64 {
	if r.Get(key).Type == gjson.String {
		r.fault(key + ": must be a whole number, not " + r.Get(key).Raw)
		return otherwise
	}
	value, set, err := r.Int(key, low, high)
	if !r.check(err) || !set {
		return otherwise
	}
	return value
}

// timeout reads milliseconds. 0 is what otherwise says: a call that nobody ends would hold its request for ever.
func (r *reader) timeout(key string, otherwise int64) uint32 {
	value := r.number(key, 0, 600_000, otherwise)
	if value == 0 {
		value = otherwise
	}
	return uint32(value)
}

// duration reads a text such as "15m", or a number of nanoseconds.
func (r *reader) duration(key string, otherwise time.Duration) time.Duration {
	v := r.Get(key)
	if !v.Exists() {
		return otherwise
	}
	value, err := time.ParseDuration(v.Str)
	if v.Type == gjson.Number {
		var number int64
		number, err = strconv.ParseInt(v.Raw, 10, 64)
		value = time.Duration(number)
	}
	if err != nil || value < 0 {
		r.fault(key + ": must be a duration such as 15m, not " + v.Raw)
		return otherwise
	}
	return value
}

// list reads a list of texts; a text is a list of one.
func (r *reader) list(key string) []string {
	values, _, err := r.Strings(key)
	r.check(err)
	return values
}

// url reads an absolute URL of HTTP.
func (r *reader) url(key, otherwise string) string {
	text := r.text(key, otherwise)
	if text == "" {
		return ""
	}
	if _, ok := parseURL(text); !ok {
		r.fault(key + ": must be a URL with http or https and a host")
	}
	return text
}

// service reads a cluster: <prefix>_name, _port and _host. It returns nil if there is none.
func (r *reader) service(prefix string, required bool) wrapper.HttpClient {
	cluster := wrapper.FQDNCluster{
		FQDN: r.text(prefix+"_name", ""),
		Port: r.number(prefix+"_port", 1, 65535, 0),
		Host: r.text(prefix+"_host", ""),
	}
	if required && (cluster.FQDN == "" || cluster.Port == 0) {
		r.fault("invalid service config: " + prefix + "_name and " + prefix + "_port are required")
		return nil
	}
	if cluster.FQDN != "" && cluster.Port == 0 {
		r.fault("invalid service config: " + prefix + "_name needs " + prefix + "_port")
	}
	if cluster.FQDN == "" {
		return nil
	}
	return wrapper.NewClusterClient(cluster)
}

// parseURL reads an absolute URL of HTTP without user information.
func parseURL(text string) (*url.URL, bool) {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.User != nil || u.Scheme != "https" && u.Scheme != "http" {
		return nil, false
	}
	return u, true
}
