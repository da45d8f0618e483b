package main

import (
	"errors"
	"math"
	"strings"
	"time"

	"github.com/wasmplane/wasmplane/extensions/internal/field"
	"github.com/wasmplane/wasmplane/extensions/internal/independent"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

// Config is the global configuration, or that of a rule: nothing is inherited.
type Config struct {
	independent.Global

	client  wrapper.HttpClient
	path    string // of the decision
	timeout uint32 // ms

	bodies  bodies
	maxBody int // bytes; 0: what the gateway lets a request hold

	relaysStatus bool // of the agent's answers other than 200
}

// bodies says which bodies the agent judges. Of other requests it sees the headers alone.
type bodies int

const (
	noBodies   bodies = iota
	textBodies        // all but binary and encoded ones, gRPC and upgrades
	mostBodies        // all but gRPC and upgrades
	allBodies         // all but upgrades, which have none
)

// parseConfig reads a configuration.
func parseConfig(o field.Object, config *Config) error {
	policy := o.Get("policy").String()
	if strings.TrimSpace(policy) == "" {
		return errors.New("policy not allow empty")
	}
	config.path = "/v1/data/" + policy + "/allow"
	var err error
	if config.timeout, err = parseTimeout(o); err != nil {
		return err
	}
	if config.client, err = parseService(o); err != nil {
		return err
	}
	if config.bodies, err = parseBodies(o); err != nil {
		return err
	}
	limit, _, err := o.Int("maxBodyBytes", 1, math.MaxUint32)
	if err != nil {
		return err
	}
	config.maxBody = int(limit)
	relays, set, err := o.Bool("relayStatus")
	config.relaysStatus = relays || !set
	return err
}

func parseTimeout(o field.Object) (uint32, error) {
	text := strings.TrimSpace(o.Get("timeout").String())
	if text == "" {
		return 0, errors.New("timeout not allow empty")
	}
	timeout, err := time.ParseDuration(text)
	if err != nil {
		return 0, errors.New("timeout parse fail: " + err.Error())
	}
	if timeout < time.Millisecond || timeout.Milliseconds() > math.MaxUint32 {
		return 0, o.FieldError("timeout", "must be between 1ms and 4294967295ms, not "+text)
	}
	return uint32(timeout.Milliseconds()), nil
}

func parseBodies(o field.Object) (bodies, error) {
	switch o.Get("withBody").String() {
	case "text":
		return textBodies, nil
	case "all":
		return allBodies, nil
	}
	with, set, err := o.Bool("withBody")
	switch {
	case err != nil:
		return noBodies, o.FieldError("withBody", "must be true, false, text or all, not "+o.Get("withBody").Raw)
	case with || !set:
		return mostBodies, nil
	}
	return noBodies, nil
}
