package main

import (
	"errors"
	"net/netip"
	"strconv"

	"github.com/tidwall/gjson"

	"github.com/wasmplane/wasmplane/extensions/internal/address"
	"github.com/wasmplane/wasmplane/extensions/internal/field"
	"github.com/wasmplane/wasmplane/extensions/internal/packed"
	"github.com/wasmplane/wasmplane/pkg/log"
)

// networks are those of one list, wherever they come from.
type networks struct {
	configured *address.Set
	feed       *feed // nil without a service that publishes more
}

// hold reports whether one of the networks holds the address. They must be known.
func (n *networks) hold(addr netip.Addr) bool {
	return n.configured.Contains(addr) || n.feed != nil && n.feed.current.Contains(addr)
}

// known reports whether all networks are there.
func (n *networks) known() bool { return n.feed == nil || n.feed.current != nil }

// parseNetworks reads the fields key, key_file and key_source; nil if none of them has anything.
func parseNetworks(o field.Object, key string) (*networks, error) {
	var b address.Builder
	items, err := addItems(&b, o, key)
	if err != nil {
		return nil, err
	}
	file, _, err := o.String(key + "_file")
	if err != nil {
		return nil, err
	}
	text, err := packed.File(file)
	if err != nil {
		return nil, o.FieldError(key+"_file", err.Error())
	}
	if err := b.AddText(text); err != nil {
		return nil, o.FieldError(key+"_file", err.Error())
	}
	feed, err := parseFeed(o, key+"_source")
	if err != nil {
		return nil, err
	}
	if b.Len() == 0 && file != "" {
		return nil, o.FieldError(key+"_file", "has no entry")
	}
	if b.Len() == 0 && feed == nil {
		return nil, nil
	}
	set, repeated := b.Build()
	warnOfRepeated(items, repeated)
	return &networks{configured: set, feed: feed}, nil
}

// addItems adds the networks of a list in the configuration, which it returns. It may be long, so it is not copied.
func addItems(b *address.Builder, o field.Object, key string) (gjson.Result, error) {
	list := o.Get(key)
	if !list.Exists() {
		return list, nil
	}
	if list.Type == gjson.String {
		if list.Str == "" {
			return gjson.Result{}, nil // as no list
		}
		if err := add(b, list); err != nil {
			return list, o.FieldError(key, err.Error())
		}
		return list, nil
	}
	if !list.IsArray() {
		return list, o.FieldError(key, "must be a list of strings")
	}
	var err error
	index := 0
	list.ForEach(func(_, item gjson.Result) bool {
		if problem := add(b, item); problem != nil {
			err = o.FieldError(field.Item(key, index), problem.Error())
		}
		index++
		return err == nil
	})
	return list, err
}

func add(b *address.Builder, item gjson.Result) error {
	if item.Type != gjson.String {
		return errors.New("must be a string")
	}
	if item.Str == "" {
		return errors.New("must not be empty")
	}
	network, err := address.ParsePrefix(item.Str)
	if err == nil {
		err = b.Add(network)
	}
	if err != nil {
		return errors.New("add IP [" + item.Str + "] into tree failed: " + err.Error())
	}
	return nil
}

// warnOfRepeated names the items of a list at the given positions, but no more than fit a log.
func warnOfRepeated(list gjson.Result, repeated []int) {
	const most = 20
	if len(repeated) > most {
		log.Warn("ignore " + strconv.Itoa(len(repeated)) + " duplicate IPs")
		return
	}
	position := 0
	list.ForEach(func(_, item gjson.Result) bool {
		if len(repeated) == 0 {
			return false
		}
		if position == repeated[0] {
			log.Warn("ignore duplicate IP [" + item.String() + "]")
			repeated = repeated[1:]
		}
		position++
		return true
	})
}
