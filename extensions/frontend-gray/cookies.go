package main

import (
	"math"
	"strconv"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/wasmplane/wasmplane/extensions/internal/field"
)

const defaultMaxAge = 31536000 // seconds: a year

// cookies are the ends of Set-Cookie headers.
type cookies struct {
	keep   string // "; Max-Age=60; Path=/; HttpOnly; Secure"
	expire string
	// backendTag names the cookie of the back-end version.
	backendTag string
}

func parseCookies(o field.Object) (cookies, error) {
	attributes, err := parseAttributes(o)
	if err != nil {
		return cookies{}, err
	}
	c := cookies{
		keep:       "; Max-Age=" + strconv.FormatInt(maxAge(o.JSON()), 10) + attributes,
		expire:     "; Expires=Thu, 01 Jan 1970 00:00:00 GMT" + attributes,
		backendTag: line(o.JSON().Get("backendGrayTag")),
	}
	if c.backendTag == "" {
		c.backendTag = "x-mse-tag"
	}
	return c, nil
}

// maxAge is in seconds; the default stands for what is no such number. The second spelling is that of older versions.
func maxAge(json gjson.Result) int64 {
	for _, name := range [...]string{"storeMaxAge", "StoreMaxAge"} {
		value := json.Get(name)
		if !value.Exists() || value.Type == gjson.Null {
			continue
		}
		seconds, err := strconv.ParseInt(value.String(), 10, 64)
		if err != nil || seconds < 0 || seconds > math.MaxInt32 {
			return defaultMaxAge
		}
		return seconds
	}
	return defaultMaxAge
}

// parseAttributes reads what is the same for all cookies (RFC 6265, section 4.1).
func parseAttributes(o field.Object) (string, error) {
	set, _, err := o.Object("cookie")
	if err != nil {
		return "", err
	}
	path, _, err := set.String("path")
	if err != nil {
		return "", err
	}
	if path == "" {
		path = "/"
	}
	if path[0] != '/' || !isAttribute(path) {
		return "", set.FieldError("path", "must begin with / and have no ; and no control characters")
	}
	domain, _, err := set.String("domain")
	if err != nil {
		return "", err
	}
	if !isAttribute(domain) || strings.ContainsAny(domain, " ,/:") {
		return "", set.FieldError("domain", "must be a domain name")
	}
	sameSite, err := set.Enum("same_site", "Strict", "Lax", "None")
	if err != nil {
		return "", err
	}
	secure, isSet, err := set.Bool("secure")
	if err != nil {
		return "", err
	}
	if isSet && !secure && sameSite == "None" {
		return "", set.FieldError("same_site", "None needs secure cookies")
	}
	text := "; Path=" + path
	if domain != "" {
		text += "; Domain=" + domain
	}
	text += "; HttpOnly"
	if !isSet || secure {
		text += "; Secure"
	}
	if sameSite != "" {
		text += "; SameSite=" + sameSite
	}
	return text, nil
}

func isAttribute(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r >= 0x7f || r == ';' })
}

// of returns the values of the Set-Cookie headers for a visit.
func (c *cookies) of(v *visit, visitorKey string, backendTags bool) []string {
	var list []string
	if v.page {
		list = append(list, versionHeader+"="+v.version+c.keep)
	}
	if v.visitor != "" {
		list = append(list, visitorKey+"="+v.visitor+c.keep)
	}
	if !v.page || !backendTags {
		return list
	}
	if v.backendVersion == "" {
		return append(list, c.backendTag+"="+c.expire)
	}
	return append(list, c.backendTag+"="+v.backendVersion+c.keep)
}
