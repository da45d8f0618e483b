package main

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"github.com/wasmplane/wasmplane/extensions/internal/body"
	"github.com/wasmplane/wasmplane/extensions/internal/field"
	"github.com/wasmplane/wasmplane/pkg/log"
)

// longest is the longest freshness, in seconds: ten years, which nginx's "max" means, too.
const longest = 315360000

// Config is the global configuration, or that of a rule; a rule inherits nothing.
type Config struct {
	groups   []group
	statuses []string // empty: any
	methods  []string // empty: any
	override override
}

// override says what becomes of caching headers that the response already has.
type override int

const (
	overrideUnlessPrivate override = iota // keep what forbids caching, replace the rest
	overrideAlways
	overrideNever
)

// group is one freshness and the responses that get it.
type group struct {
	suffixes []string // with the dot
	types    []body.MediaRange
	everyone bool // neither suffixes nor types are configured

	expires    expires
	directives []string // added to the freshness
}

// expires is the configured freshness.
type expires struct {
	fixed   string // date of "max" and "epoch"; "" for seconds from now
	seconds int64
	noCache bool
}

// cacheableStatuses are those for which nginx's expires directive adds its headers.
var cacheableStatuses = []string{"200", "201", "204", "206", "301", "302", "303", "304", "307", "308"}

// parseConfig reads the global configuration, or a rule. suffix and expires take anything, as they always have.
func parseConfig(json gjson.Result, config *Config) error {
	o := field.Of(json)
	if err := config.parseLimits(o); err != nil {
		return err
	}
	groups, grouped, err := o.Objects("groups")
	if err != nil {
		return err
	}
	for _, g := range groups {
		if !g.Has("expires") {
			return g.FieldError("expires", "is required")
		}
		if err := config.addGroup(g); err != nil {
			return err
		}
	}
	if types, _, err := o.Strings("content_types"); err != nil {
		return err
	} else if grouped && !o.Has("suffix") && !o.Has("expires") && len(types) == 0 {
		return nil
	}
	return config.addGroup(o)
}

func (c *Config) parseLimits(o field.Object) error {
	cacheable, _, err := o.Bool("only_cacheable")
	if err != nil {
		return err
	}
	if cacheable {
		c.statuses, c.methods = cacheableStatuses, []string{"GET", "HEAD"}
	}
	if statuses := o.Get("statuses").Array(); len(statuses) > 0 {
		c.statuses = nil
		for i, item := range statuses {
			status := item.String()
			if n, err := strconv.Atoi(status); err != nil || n < 100 || n > 599 {
				return o.FieldError(field.Item("statuses", i), "must be a status between 100 and 599, not "+item.Raw)
			}
			c.statuses = append(c.statuses, status)
		}
	}
	if methods, _, err := o.Strings("methods"); err != nil {
		return err
	} else if len(methods) > 0 {
		c.methods = methods
	}
	force, set, err := o.Bool("override")
	if err != nil {
		return err
	}
	if set {
		c.override = overrideNever
		if force {
			c.override = overrideAlways
		}
	}
	return nil
}

func (c *Config) addGroup(o field.Object) error {
	var g group
	for _, part := range strings.Split(o.Get("suffix").String(), "|") {
		if part = strings.TrimSpace(part); part != "" {
			g.suffixes = append(g.suffixes, "."+part)
		}
	}
	types, _, err := o.Strings("content_types")
	if err != nil {
		return err
	}
	for i, name := range types {
		media, ok := body.ParseMediaRange(name)
		if !ok {
			return o.FieldError(field.Item("content_types", i), `must be a media type such as "text/css" or "image/*"`)
		}
		g.types = append(g.types, media)
	}
	g.everyone = g.suffixes == nil && g.types == nil
	g.expires = parseExpires(o)
	if g.directives, err = parseDirectives(o); err != nil {
		return err
	}
	c.groups = append(c.groups, g)
	return nil
}

// parseExpires never fails: today's configurations load whatever the value is, so a bad one only warns.
func parseExpires(o field.Object) expires {
	value := o.Get("expires")
	text := value.String()
	switch text {
	case "max":
		return expires{fixed: "Thu, 31 Dec 2037 23:55:55 GMT", seconds: longest}
	case "epoch":
		return expires{fixed: "Thu, 01 Jan 1970 00:00:01 GMT", noCache: true}
	}
	seconds, err := strconv.ParseInt(text, 10, 64)
	if err != nil && !isRange(err) {
		shown := value.Raw
		if shown == "" {
			shown = "absent"
		}
		log.Warn(o.Place("expires") + ": must be seconds, max or epoch; " + shown + " counts as 0")
		return expires{}
	}
	return expires{seconds: min(max(seconds, -longest), longest)}
}

func isRange(err error) bool {
	number, ok := err.(*strconv.NumError)
	return ok && number.Err == strconv.ErrRange
}

// flags and timed are the directives of RFC 9111, section 5.2.2, RFC 5861 and RFC 8246 that may be added.
var (
	flags = []string{"public", "private", "immutable", "must-revalidate", "proxy-revalidate", "no-transform", "must-understand"}
	timed = []string{"s-maxage", "stale-while-revalidate", "stale-if-error"}
)

func parseDirectives(o field.Object) ([]string, error) {
	list, _, err := o.Strings("directives")
	if err != nil {
		return nil, err
	}
	for i, directive := range list {
		name, seconds, valued := strings.Cut(directive, "=")
		place := field.Item("directives", i)
		switch {
		case slices.Contains(flags, name):
			if valued {
				return nil, o.FieldError(place, name+" takes no value")
			}
		case slices.Contains(timed, name):
			if n, err := strconv.ParseInt(seconds, 10, 32); err != nil || n < 0 {
				return nil, o.FieldError(place, name+" needs seconds, as in "+name+"=60")
			}
		default:
			return nil, o.FieldError(place, "must be one of "+strings.Join(flags, ", ")+", "+strings.Join(timed, ", ")+
				"; how long a response is fresh is said by expires")
		}
	}
	return list, nil
}

// date is the value of the Expires header.
func (e expires) date(now time.Time) string {
	if e.fixed != "" {
		return e.fixed
	}
	return now.Add(time.Duration(e.seconds) * time.Second).UTC().Format("Mon, 02 Jan 2006 15:04:05 GMT")
}

// directive is the freshness in Cache-Control. Negative seconds are expired, and the header knows no such number.
func (e expires) directive() string {
	if e.noCache {
		return "no-cache"
	}
	return "max-age=" + strconv.FormatInt(max(e.seconds, 0), 10)
}
