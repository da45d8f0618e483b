package main

import (
	"errors"
	"strconv"
	"strings"

	"github.com/wasmplane/wasmplane/extensions/internal/field"
	"github.com/wasmplane/wasmplane/extensions/internal/httpheader"
	"github.com/wasmplane/wasmplane/extensions/internal/independent"
	"github.com/wasmplane/wasmplane/pkg/log"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

// Defaults of fields that are absent, 0 or empty.
const (
	defaultHeader    = "X-Higress-Nonce"
	defaultTTL       = 900 // s
	defaultMinLength = 8
	defaultMaxLength = 128
	defaultStatus    = 429
	defaultMessage   = "Replay Attack Detected"
	// defaultUnavailable is the status where Redis gives no verdict and failure_mode is closed.
	defaultUnavailable = 503
)

// Largest values of fields.
const (
	maxTTL    = 1<<31 - 1 // s
	maxLength = 32 << 10  // bytes, as of any token
)

// Config is the global configuration, or that of a rule: nothing is inherited.
type Config struct {
	independent.Global

	redis   wrapper.RedisClient
	prefix  string // of keys, with its colon
	header  string // in lower case
	force   bool   // refuse requests without a nonce
	ttl     string // s
	least   int    // bytes
	most    int    // bytes
	charset bool   // check that the nonce looks like base64

	status  uint32 // of a nonce's second use
	message []byte

	failClosed        bool // refuse where Redis gives no verdict
	unavailableStatus uint32
}

// parseConfig reads a configuration.
func parseConfig(o field.Object, config *Config) error {
	if err := config.parseNonce(o); err != nil {
		return err
	}
	if err := config.parseRefusals(o); err != nil {
		return err
	}
	return config.parseRedis(o)
}

func (c *Config) parseNonce(o field.Object) error {
	header, err := o.StringOr("nonce_header", defaultHeader)
	if err != nil {
		return err
	}
	if c.header = strings.ToLower(header); !httpheader.IsName(c.header) {
		return httpheader.NameError(o, "nonce_header")
	}
	if c.force, _, err = o.Bool("force_nonce"); err != nil {
		return err
	}
	if c.charset, _, err = o.Bool("validate_base64"); err != nil {
		return err
	}
	ttl, err := o.PositiveOr("nonce_ttl", maxTTL, defaultTTL)
	if err != nil {
		return err
	}
	c.ttl = strconv.FormatInt(ttl, 10)
	least, err := o.PositiveOr("nonce_min_length", maxLength, defaultMinLength)
	if err != nil {
		return err
	}
	most, err := o.PositiveOr("nonce_max_length", maxLength, defaultMaxLength)
	if err != nil {
		return err
	}
	if least > most {
		return errors.New("nonce_min_length: must not be more than nonce_max_length, " + strconv.FormatInt(most, 10))
	}
	c.least, c.most = int(least), int(most)
	return nil
}

func (c *Config) parseRefusals(o field.Object) (err error) {
	if c.status, err = status(o, "reject_code", defaultStatus); err != nil {
		return err
	}
	message, err := o.StringOr("reject_msg", defaultMessage)
	if err != nil {
		return err
	}
	c.message = []byte(message)
	mode, err := o.Enum("failure_mode", "open", "closed")
	if err != nil {
		return err
	}
	c.failClosed = mode == "closed"
	c.unavailableStatus, err = status(o, "failure_status", defaultUnavailable)
	return err
}

// status reads the status of a refusal. 1xx is no final one, so the default is taken for it.
func status(o field.Object, key string, otherwise uint32) (uint32, error) {
	value, _, err := o.Int(key, 0, 599)
	switch {
	case err != nil || value > 0 && value < 100:
		return 0, o.FieldError(key, "must be between 100 and 599, not "+o.Get(key).String())
	case value == 0:
		return otherwise, nil
	case value < 200:
		log.Error(o.Place(key) + ": no answer ends with it, " + strconv.Itoa(int(otherwise)) + " is used")
		return otherwise, nil
	}
	return uint32(value), nil
}
