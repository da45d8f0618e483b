package main

import (
	"encoding/hex"
	"io"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/wasmplane/wasmplane/extensions/internal/body"
	"github.com/wasmplane/wasmplane/extensions/internal/cookie"
	"github.com/wasmplane/wasmplane/extensions/internal/httpheader"
	"github.com/wasmplane/wasmplane/extensions/internal/query"
)

const longestVisitor = 128

// identity says where a request tells who its user and its visitor are.
type identity struct {
	userKey    string // cookie, or header; "" for no users
	userHeader string // userKey in lower case
	userPath   string // GJSON path into the user's value

	visitorKey    string // cookie, or header; "" for no visitors
	visitorHeader string
	random        io.Reader // of new visitors' ids; never fails
}

// user returns the user's id, "" for nobody.
func (id *identity) user(headers [][2]string) string {
	if id.userKey == "" {
		return ""
	}
	value, _ := cookie.First(headers, id.userKey)
	if value == "" {
		value = httpheader.First(headers, id.userHeader)
	}
	if value == "" || id.userPath == "" {
		return value
	}
	text, ok := query.Form(value)
	if !ok || !body.Valid(text) {
		return value
	}
	if part := gjson.Get(text, id.userPath).String(); part != "" {
		return part
	}
	return value
}

// visitor returns the id that the request brings, or a new one; "" where visitors do not matter.
func (id *identity) visitor(headers [][2]string) string {
	if id.visitorKey == "" {
		return ""
	}
	if value := httpheader.First(headers, id.visitorHeader); isVisitor(value) {
		return value
	}
	if value, _ := cookie.First(headers, id.visitorKey); isVisitor(value) {
		return value
	}
	return newVisitor(id.random)
}

// isVisitor tells whether a text may be an id. Clients send what they like, and it goes into Set-Cookie.
func isVisitor(text string) bool {
	if text == "" || len(text) > longestVisitor {
		return false
	}
	for i := range len(text) {
		switch c := text[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_', c == '.':
		default:
			return false
		}
	}
	return true
}

// newVisitor draws a UUID of version 4 (RFC 9562, section 5.4), without hyphens.
func newVisitor(random io.Reader) string {
	var id [16]byte
	_, _ = io.ReadFull(random, id[:])
	id[6] = id[6]&0x0f | 0x40
	id[8] = id[8]&0x3f | 0x80
	return hex.EncodeToString(id[:])
}

func parseIdentity(json gjson.Result, byWeight bool, random io.Reader) identity {
	id := identity{
		userKey:    json.Get("grayKey").String(),
		userPath:   json.Get("graySubKey").String(),
		visitorKey: line(json.Get("uniqueGrayTag")),
		random:     random,
	}
	if key := json.Get("localStorageGrayKey").String(); key != "" {
		id.userKey = key
	}
	id.userHeader = strings.ToLower(id.userKey)
	if tag := json.Get("uniqueGrayTag"); id.visitorKey == "" && (byWeight || tag.Exists() && tag.Type != gjson.Null) {
		id.visitorKey = "x-higress-uid"
	}
	id.visitorHeader = strings.ToLower(id.visitorKey)
	return id
}
