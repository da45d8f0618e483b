package main

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"sort"

	"github.com/tidwall/gjson"

	"github.com/wasmplane/wasmplane/extensions/internal/ratelimit"
)

// sources are the fields of which one must be set. Those for consumers need only be there, whatever their value.
var sources = [...]struct {
	field    string
	consumer bool
	perKey   bool // keys are literal values, with a bucket each
}{
	{field: "limit_by_header", perKey: true},
	{field: "limit_by_param", perKey: true},
	{field: "limit_by_cookie", perKey: true},
	{field: "limit_by_consumer", consumer: true, perKey: true},
	{field: "limit_by_per_header"},
	{field: "limit_by_per_param"},
	{field: "limit_by_per_cookie"},
	{field: "limit_by_per_consumer", consumer: true},
	{field: "limit_by_per_ip"},
}

// errSources is the text of the first edition, which knew two sources, so that it is found again.
var errSources = errors.New("only one of 'limit_by_param' and 'limit_by_header' can be set, or of the other 'limit_by_…' fields, and one must be")

// parseSource reads where values come from. Values of parameters are compared as they stand in the query.
func (l *limiter) parseSource(json gjson.Result) (ratelimit.KeyList, error) {
	chosen := -1
	name := ""
	for i, s := range sources {
		value := json.Get(s.field)
		word, ok := text(value)
		if !ok && !s.consumer {
			return nil, errors.New("cannot parse " + s.field)
		}
		if s.consumer && value.Type == gjson.Null || !s.consumer && word == "" {
			continue
		}
		if chosen >= 0 {
			return nil, errSources
		}
		chosen, name = i, word
	}
	if chosen < 0 {
		return nil, errSources
	}
	l.perKey = sources[chosen].perKey
	var keys ratelimit.KeyList
	var err error
	l.item, keys, err = ratelimit.NewItem(sources[chosen].field, name)
	l.item.Source.Undecoded = true
	return keys, err
}

// conditions identifies a rule by what it applies to, in whatever order that stands, and not by its position: a rule that
// is put before it must not move its buckets.
func conditions(rule gjson.Result) string {
	hash := sha256.New()
	var length [8]byte
	write := func(text string) {
		binary.BigEndian.PutUint64(length[:], uint64(len(text)))
		hash.Write(length[:])
		hash.Write([]byte(text))
	}
	for _, field := range [...]string{"_match_route_", "_match_domain_", "_match_service_", "_match_route_prefix_"} {
		var values []string
		for _, value := range rule.Get(field).Array() {
			values = append(values, value.String())
		}
		sort.Strings(values)
		binary.BigEndian.PutUint64(length[:], uint64(len(values)))
		hash.Write(length[:])
		for _, value := range values {
			write(value)
		}
	}
	return hex.EncodeToString(hash.Sum(nil)[:16])
}
