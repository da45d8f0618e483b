package ratelimit

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"hash"

	"github.com/tidwall/gjson"

	"github.com/wasmplane/wasmplane/extensions/internal/field"
)

// combined is the field of items that count the values of several sources together.
const combined = "limit_by_all"

// parseCombined reads an item with limit_by_all. Its rate stands beside it.
func parseCombined(json, all gjson.Result, unit string) (Item, error) {
	item := Item{Type: combined, PerValue: true}
	for _, k := range kinds {
		if json.Get(k.field).Exists() {
			return item, errors.New("'limit_by_all' and '" + k.field + "' cannot be set at the same time")
		}
	}
	if json.Get("limit_keys").Exists() {
		return item, errors.New("'limit_by_all' has no 'limit_keys', but 'keys' in each of its entries, and its rate beside it")
	}
	if !all.IsArray() || len(all.Array()) == 0 {
		return item, errors.New("'limit_by_all' must be a list of sources")
	}
	for i, entry := range all.Array() {
		part, err := parsePart(entry)
		if err != nil {
			return item, errors.New("'" + field.Item(combined, i) + "': " + err.Error())
		}
		if i > 0 {
			item.Name += "+"
		}
		item.Name += part.Type
		item.Parts = append(item.Parts, part)
	}
	rate, err := parseRate(json, unit, " for limit_by_all", "")
	item.Rates = []Rate{rate}
	return item, err
}

// parsePart reads an entry of limit_by_all: one source, and the keys that its values must fit. Sources that count each
// value for itself need none.
func parsePart(json gjson.Result) (Item, error) {
	if !json.IsObject() {
		return Item{}, errors.New("must be an object")
	}
	var chosen kind
	for _, k := range kinds {
		value := json.Get(k.field)
		if !value.Exists() || !k.presence && value.String() == "" {
			continue
		}
		if chosen.field != "" {
			return Item{}, errors.New("'" + chosen.field + "' and '" + k.field + "' cannot be set at the same time")
		}
		chosen = k
	}
	if chosen.field == "" {
		return Item{}, errors.New("one of the 'limit_by_…' fields must be set")
	}
	part, keys, err := NewItem(chosen.field, json.Get(chosen.field).String())
	if err != nil {
		return part, err
	}
	list, _, err := field.Of(json).Strings("keys")
	switch {
	case err != nil:
		return part, err
	case len(list) == 0 && chosen.exact:
		return part, errors.New("'keys' must be set for '" + chosen.field + "'")
	case len(list) == 0 && chosen.place == HeaderAddress:
		list = []string{"0.0.0.0/0"}
	case len(list) == 0:
		list = []string{"*"}
	}
	for _, key := range list {
		if err := keys.Add(key); err != nil {
			return part, err
		}
	}
	part.Keys = keys
	return part, nil
}

// matchAll returns a digest of the values of all parts; false if one has none that fits. Each text goes into it with its
// length, so no other values have the same.
func (i *Item) matchAll(headers [][2]string) (Value, int, bool) {
	digest := sha256.New()
	for k := range i.Parts {
		part := &i.Parts[k]
		value, _, ok := part.Match(headers)
		if !ok {
			return Value{}, -1, false
		}
		for _, text := range [...]string{part.Type, part.Name, value.Text} {
			writePrefixed(digest, text)
		}
	}
	return Value{Text: "sha256-" + hex.EncodeToString(digest.Sum(nil))}, 0, true
}

func writePrefixed(to hash.Hash, text string) {
	var length [8]byte
	binary.BigEndian.PutUint64(length[:], uint64(len(text)))
	to.Write(length[:])
	to.Write([]byte(text))
}
