package main

import (
	"crypto/subtle"
	"strconv"
	"strings"

	"github.com/tidwall/resp"

	"github.com/wasmplane/wasmplane/extensions/internal/field"
	"github.com/wasmplane/wasmplane/pkg/log"
)

const purgeMethod = "PURGE"

// purge is who may remove stored responses: requests of that method with the secret in the header.
type purge struct {
	header string // lower case
	secret string // "": nobody may, and the method is one like others
}

func parsePurge(o field.Object) (p purge, err error) {
	settings, set, err := o.Object("purge")
	if err != nil || !set {
		return p, err
	}
	if p.secret, err = settings.Required("secret"); err != nil {
		return p, err
	}
	header, set, err := settings.String("header")
	if err != nil {
		return p, err
	}
	if p.header = strings.ToLower(header); !set {
		p.header = "x-cache-purge"
	}
	if p.header == "" || strings.HasPrefix(p.header, ":") {
		return p, settings.FieldError("header", "must be the name of a header")
	}
	return p, nil
}

// purging tells whether the request removes what is stored for it.
func (x *exchange) purging() bool {
	p := &x.cache.purge
	if p.secret == "" || x.request.Method != purgeMethod {
		return false
	}
	given, _ := x.request.Headers.Get(p.header)
	return subtle.ConstantTimeCompare([]byte(given), []byte(p.secret)) == 1
}

// remove deletes keys of Redis and answers the request with whether there were any, or with an error if Redis cannot be
// asked: no backend must see the secret.
func (x *exchange) remove(keys ...interface{}) {
	x.held = true
	err := x.cache.redis.Command(append([]interface{}{"del"}, keys...), func(answer resp.Value) {
		if answer.Error() != nil || answer.Type() != resp.Integer {
			x.notPurged()
			return
		}
		body := `{"purged":` + strconv.FormatBool(answer.Integer() > 0) + `}`
		x.reply(200, "purged", [][2]string{{"content-type", "application/json"}}, []byte(body))
	})
	if err != nil {
		x.notPurged()
	}
}

func (x *exchange) notPurged() {
	log.Error("the cache cannot be purged")
	x.reply(503, "purge_failed", nil, nil)
}
