package ratelimit

import (
	"net/netip"

	"github.com/wasmplane/wasmplane/extensions/internal/address"
	"github.com/wasmplane/wasmplane/extensions/internal/cookie"
	"github.com/wasmplane/wasmplane/extensions/internal/httpheader"
	"github.com/wasmplane/wasmplane/pkg/log"
)

// Place is a part of a request that values come from.
type Place int

// The places.
const (
	Header        Place = iota
	Param               // a parameter of the query
	Cookie              // a pair of the cookie header
	HeaderAddress       // an IP address in a header, the first of a list
	PeerAddress         // the IP address of the client as the gateway sees it
)

// Source says where a request's value comes from. It is read-only once built.
type Source struct {
	Place Place
	Name  string // of the header, in lower case, the parameter or the cookie
	// Undecoded has names and values of parameters compared as they stand in the query.
	Undecoded bool
}

// Value is what a request has at a source.
type Value struct {
	Text string
	Addr netip.Addr // only of the address places; Text is then its canonical form
}

// Value returns the value of a request with these headers, pseudo headers included and names in lower case; false if it
// has none. An empty cookie is none; an empty header or parameter is the empty value. What is there but no address is none
// either, with a warning.
func (s *Source) Value(headers [][2]string) (Value, bool) {
	switch s.Place {
	case Header:
		text, ok := httpheader.Find(headers, s.Name)
		return Value{Text: text}, ok
	case Param:
		path := httpheader.First(headers, ":path")
		text, ok := firstParam(path, s.Name, s.Undecoded)
		return Value{Text: text}, ok
	case Cookie:
		text, _ := cookie.First(headers, s.Name)
		return Value{Text: text}, text != ""
	case HeaderAddress:
		text, ok := httpheader.Find(headers, s.Name)
		if !ok {
			return Value{}, false
		}
		return addressValue(address.Parse(address.First(text)))
	case PeerAddress:
		return addressValue(address.Peer())
	}
	return Value{}, false
}

func addressValue(addr netip.Addr, err error) (Value, bool) {
	if err != nil {
		log.Warn("failed to get down stream ip: " + err.Error())
		return Value{}, false
	}
	return Value{Text: addr.String(), Addr: addr}, true
}
