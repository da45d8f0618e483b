package ratelimit

import (
	"errors"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/wasmplane/wasmplane/extensions/internal/httpheader"
)

// Item is one entry of rule_items. It is read-only once built.
type Item struct {
	Type   string // the field that says what is limited by, such as limit_by_per_header
	Name   string // the configured name; httpheader.Consumer for consumers, the whole text for addresses
	Source Source
	Keys   Keys
	Rates  []Rate // of the keys, by their index
	// PerValue tells that every value counts for itself. Otherwise there is a literal key for each that counts.
	PerValue bool
	// Parts are the sources of limit_by_all, all of which must have a value that fits. Source and Keys are unused then,
	// and there is one rate.
	Parts []Item
}

// kind is a limit_by_… field.
type kind struct {
	field    string
	place    Place
	presence bool // being there is enough, whatever the value; the source is the consumer
	exact    bool // keys are literal values
}

// kinds stand in the order in which the last one wins.
var kinds = [...]kind{
	{field: "limit_by_header", place: Header, exact: true},
	{field: "limit_by_param", place: Param, exact: true},
	{field: "limit_by_cookie", place: Cookie, exact: true},
	{field: "limit_by_per_header", place: Header},
	{field: "limit_by_per_param", place: Param},
	{field: "limit_by_per_cookie", place: Cookie},
	{field: "limit_by_consumer", place: Header, presence: true, exact: true},
	{field: "limit_by_per_consumer", place: Header, presence: true},
	{field: "limit_by_per_ip", place: HeaderAddress},
}

const (
	addressOfHeader = "from-header-"
	addressOfPeer   = "from-remote-addr"
)

// parseItem reads an entry of rule_items whose rates count the given unit.
func parseItem(json gjson.Result, unit string) (Item, error) {
	if all := json.Get(combined); isSet(all) {
		return parseCombined(json, all, unit)
	}
	item, keys, err := parseSource(json)
	if err != nil {
		return item, err
	}
	limitKeys := json.Get("limit_keys")
	if !limitKeys.Exists() {
		return item, errors.New("missing limit_keys in config")
	}
	list := limitKeys.Array()
	if len(list) == 0 {
		return item, errors.New("config limit_keys cannot be empty")
	}
	item.Rates = make([]Rate, 0, len(list))
	for _, entry := range list {
		key := entry.Get("key").String()
		if key == "" {
			return item, errors.New("limit_keys key is required")
		}
		if err := keys.Add(key); err != nil {
			return item, err
		}
		rate, err := parseKeyRate(entry, unit, key)
		if err != nil {
			return item, err
		}
		item.Rates = append(item.Rates, rate)
	}
	item.Keys = keys
	return item, nil
}

func parseSource(json gjson.Result) (Item, KeyList, error) {
	var item Item
	var chosen kind
	for _, k := range kinds {
		value := json.Get(k.field)
		switch {
		case k.presence && value.Exists():
			chosen, item.Name = k, httpheader.Consumer
		case value.String() != "":
			chosen, item.Name = k, value.String()
		}
	}
	if chosen.field == "" {
		return item, nil, errors.New("only one of 'limit_by_header' and 'limit_by_param' and 'limit_by_consumer' and " +
			"'limit_by_cookie' and 'limit_by_per_header' and 'limit_by_per_param' and 'limit_by_per_consumer' and " +
			"'limit_by_per_cookie' and 'limit_by_per_ip' can be set")
	}
	return chosen.item(item.Name)
}

// NewItem returns an item without keys, and the list that they are added to. field is a limit_by_… field and name its
// value, which only those for consumers ignore.
func NewItem(field, name string) (Item, KeyList, error) {
	for _, k := range kinds {
		if k.field != field {
			continue
		}
		if k.presence {
			name = httpheader.Consumer
		}
		return k.item(name)
	}
	return Item{}, nil, errors.New(field + ": there is no such source")
}

func (k kind) item(name string) (Item, KeyList, error) {
	item := Item{Type: k.field, Name: name, Source: Source{Place: k.place, Name: name}, PerValue: !k.exact}
	switch {
	case k.place == HeaderAddress:
		source, err := parseAddressSource(name)
		item.Source = source
		return item, &networkKeys{}, err
	case k.place == Header:
		item.Source.Name = strings.ToLower(name)
	}
	if k.exact {
		return item, &exactKeys{}, nil
	}
	return item, &patternKeys{field: k.field}, nil
}

func parseAddressSource(text string) (Source, error) {
	if text == addressOfPeer {
		return Source{Place: PeerAddress}, nil
	}
	header, ok := strings.CutPrefix(text, addressOfHeader)
	if !ok {
		return Source{}, errors.New("the 'limit_by_per_ip' restriction must start with 'from-header-' or be exactly 'from-remote-addr'")
	}
	if header == "" {
		return Source{}, errors.New("limit_by_per_ip parse error: empty after 'from-header-'")
	}
	return Source{Place: HeaderAddress, Name: strings.ToLower(header)}, nil
}

// Match returns the request's value and the index of the first key it fits; false if it has no value or fits none.
func (i *Item) Match(headers [][2]string) (Value, int, bool) {
	if i.Parts != nil {
		return i.matchAll(headers)
	}
	value, ok := i.Source.Value(headers)
	if !ok {
		return value, -1, false
	}
	key := i.Keys.Match(value)
	return value, key, key >= 0
}
