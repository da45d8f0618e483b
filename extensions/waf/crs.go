package main

import (
	"strconv"
	"strings"

	"github.com/wasmplane/wasmplane/extensions/internal/field"
)

// crsSettings is the field crs: settings of the Core Rule Set. They come after the bundled set-up and before its rules.
// A value of 0, or an empty list, leaves the bundled set-up's.
type crsSettings struct {
	paranoia, detectionParanoia int64
	inbound, outbound           int64
	early                       string // "", "0" or "1"
	methods, contentTypes       []string
}

func (c *crsSettings) parse(parent field.Object, useCRS bool) error {
	o, set, err := parent.Object("crs")
	if err != nil || !set {
		return err
	}
	if !useCRS {
		return o.Error("needs useCRS; with includes of one's own the settings stand in front of them as a SecAction")
	}
	err = onlyFields(o, "paranoia_level", "detection_paranoia_level", "inbound_threshold", "outbound_threshold",
		"early_blocking", "allowed_methods", "allowed_content_types")
	if err != nil {
		return err
	}
	for _, number := range []struct {
		key   string
		value *int64
		high  int64
	}{
		{"paranoia_level", &c.paranoia, 4},
		{"detection_paranoia_level", &c.detectionParanoia, 4},
		{"inbound_threshold", &c.inbound, 1 << 20},
		{"outbound_threshold", &c.outbound, 1 << 20},
	} {
		if *number.value, _, err = o.Int(number.key, 1, number.high); err != nil {
			return err
		}
	}
	if c.detectionParanoia > 0 && c.detectionParanoia < max(c.paranoia, 1) {
		return o.FieldError("detection_paranoia_level", "must not be less than paranoia_level")
	}
	early, set, err := o.Bool("early_blocking")
	if err != nil {
		return err
	}
	if set {
		c.early = "0"
		if early {
			c.early = "1"
		}
	}
	if c.methods, err = words(o, "allowed_methods", isTokenByte); err != nil {
		return err
	}
	c.contentTypes, err = words(o, "allowed_content_types", func(b byte) bool { return isTokenByte(b) || b == '/' })
	return err
}

// words reads a list of strings that go into a directive, of bytes that mean nothing there.
func words(o field.Object, key string, allowed func(byte) bool) ([]string, error) {
	list, _, err := o.Strings(key)
	if err != nil {
		return nil, err
	}
	for i, word := range list {
		for j := 0; j < len(word); j++ {
			if !allowed(word[j]) {
				return nil, o.FieldError(field.Item(key, i), "must not hold "+strconv.Quote(word[j:j+1]))
			}
		}
	}
	return list, nil
}

// isTokenByte reports whether a byte may be in a token (RFC 9110 section 5.6.2) and is not special in SecLang.
func isTokenByte(b byte) bool {
	switch {
	case 'a' <= b && b <= 'z', 'A' <= b && b <= 'Z', '0' <= b && b <= '9':
		return true
	}
	return strings.IndexByte("-_.+*!#$&^~", b) >= 0
}

// directives returns a SecAction, or "".
func (c *crsSettings) directives() string {
	var set []string
	number := func(name string, value int64) {
		if value > 0 {
			set = append(set, "setvar:tx."+name+"="+strconv.FormatInt(value, 10))
		}
	}
	number("blocking_paranoia_level", c.paranoia)
	number("detection_paranoia_level", c.detectionParanoia)
	number("inbound_anomaly_score_threshold", c.inbound)
	number("outbound_anomaly_score_threshold", c.outbound)
	if c.early != "" {
		set = append(set, "setvar:tx.early_blocking="+c.early)
	}
	if len(c.methods) > 0 {
		set = append(set, "setvar:'tx.allowed_methods="+strings.Join(c.methods, " ")+"'")
	}
	if len(c.contentTypes) > 0 {
		set = append(set, "setvar:'tx.allowed_request_content_type=|"+strings.Join(c.contentTypes, "| |")+"|'")
	}
	if len(set) == 0 {
		return ""
	}
	return `SecAction "id:` + strconv.Itoa(crsSettingsRule) + `,phase:1,pass,t:none,nolog,` + strings.Join(set, ",") + `"`
}

const crsSettingsRule = 900993
