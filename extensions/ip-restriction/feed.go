package main

import (
	"errors"
	"strconv"
	"strings"

	"github.com/wasmplane/wasmplane/extensions/internal/address"
	"github.com/wasmplane/wasmplane/extensions/internal/field"
	"github.com/wasmplane/wasmplane/extensions/internal/packed"
	"github.com/wasmplane/wasmplane/pkg/log"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

// second is how often a feed looks at its clock, in milliseconds.
const second = 1000

// feed is a list that an HTTP service publishes. It is asked for when the plugin starts and then again and again; a list
// that cannot be had, or read, leaves the one before in force. Every VM has its own copy.
type feed struct {
	name     string // of the field, for the log
	service  wrapper.HttpClient
	path     string
	timeout  uint32 // ms
	interval int    // s

	current *address.Set // nil until the first list is there
	etag    string       // of current, "" if it has none

	wait     int  // s until the list is asked for again
	asking   bool // by the clock
	failures int  // in a row
	waiting  int  // requests that wait for the first list
}

// parseFeed reads the field; nil where it is absent.
func parseFeed(o field.Object, key string) (*feed, error) {
	source, set, err := o.Object(key)
	if err != nil || !set {
		return nil, err
	}
	cluster := wrapper.FQDNCluster{}
	if cluster.FQDN, err = source.Required("service_name"); err != nil {
		return nil, err
	}
	if cluster.Host, _, err = source.String("service_host"); err != nil {
		return nil, err
	}
	if cluster.Port, err = source.IntOr("service_port", 1, 65535, 80); err != nil {
		return nil, err
	}
	timeout, err := source.IntOr("timeout", 1, 60_000, 5000)
	if err != nil {
		return nil, err
	}
	interval, err := source.IntOr("refresh_interval", 1, 86_400, 300)
	if err != nil {
		return nil, err
	}
	path, err := source.Required("path")
	if err != nil {
		return nil, err
	}
	if path[0] != '/' {
		return nil, source.FieldError("path", "must begin with /")
	}
	return &feed{name: o.Place(key), service: wrapper.NewClusterClient(cluster), path: path, timeout: uint32(timeout),
		interval: int(interval)}, nil
}

// start has the list fetched as soon as the plugin runs. A VM that is made to check a configuration never gets there.
func (f *feed) start() { wrapper.RegisterTickFunc(second, f.tick) }

func (f *feed) tick() {
	f.wait--
	if f.wait > 0 || f.asking {
		return
	}
	f.asking = true
	err := f.fetch(func(status int, headers wrapper.Header, body []byte) {
		f.asking = false
		f.take(status, headers, body)
	})
	if err != nil {
		f.asking = false
	}
}

// failed reports whether the service is known not to answer, so that requests need not wait for it.
func (f *feed) failed() bool { return f.failures > 0 }

// first asks for the first list on behalf of a request, and calls done when there is one or none can be had; not if it
// returns an error. Of the answers to several requests only the first counts.
func (f *feed) first(done func()) error {
	err := f.fetch(func(status int, headers wrapper.Header, body []byte) {
		f.waiting--
		if f.current == nil && !f.failed() {
			f.take(status, headers, body)
		}
		done()
	})
	if err == nil {
		f.waiting++
	}
	return err
}

// fetch asks for the list, or for nothing if it is still the current one.
func (f *feed) fetch(answered wrapper.ResponseCallback) error {
	headers := [][2]string{{"accept", "text/plain"}, {"accept-encoding", "gzip"}}
	if f.etag != "" {
		headers = append(headers, [2]string{"if-none-match", f.etag})
	}
	err := f.service.Get(f.path, headers, answered, f.timeout)
	if err != nil {
		f.fail(err)
	}
	return err
}

// take puts an answer into force.
func (f *feed) take(status int, headers wrapper.Header, body []byte) {
	if status == 304 && f.current != nil {
		f.succeed()
		return
	}
	if status != 200 {
		f.fail(errors.New("status " + strconv.Itoa(status)))
		return
	}
	set, entries, err := readList(body)
	if err != nil {
		f.fail(err)
		return
	}
	f.current, f.etag = set, ""
	if tags := headers["Etag"]; len(tags) > 0 {
		f.etag = tags[0]
	}
	f.succeed()
	log.Info(f.name + ": " + strconv.Itoa(entries) + " networks")
}

// readList reads a published list. It may have no entry, but then it must have a comment: a service that answers with
// nothing has lost its list.
func readList(body []byte) (set *address.Set, entries int, err error) {
	text, err := packed.Gzip(body)
	if err != nil {
		return nil, 0, err
	}
	var b address.Builder
	if err := b.AddText(text); err != nil {
		return nil, 0, err
	}
	if strings.TrimSpace(text) == "" {
		return nil, 0, errors.New("an empty list")
	}
	set, _ = b.Build()
	return set, b.Len(), nil
}

func (f *feed) succeed() { f.failures, f.wait = 0, f.interval }

// fail plans the next attempt, each after twice the time of the one before but no later than the interval.
func (f *feed) fail(cause error) {
	f.wait = min(1<<min(f.failures, 16), f.interval)
	f.failures++
	held := "the last list stays in force"
	if f.current == nil {
		held = "there is no list yet"
	}
	log.Error(f.name + ": " + cause.Error() + "; " + held)
}
