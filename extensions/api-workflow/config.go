package main

import (
	"errors"
	"math"

	"github.com/wasmplane/wasmplane/extensions/internal/body"
	"github.com/wasmplane/wasmplane/extensions/internal/field"
	"github.com/wasmplane/wasmplane/extensions/internal/independent"
	"github.com/wasmplane/wasmplane/pkg/log"
)

const (
	defaultTimeout = 5000 // ms
	defaultDepth   = 100
)

// Config is the global configuration, or that of a rule; a rule inherits nothing. It does not change after the load.
type Config struct {
	independent.Global
	nodes    []node
	start    []edge
	incoming []int // edges that lead to each node
	maxDepth int   // steps in a chain

	withoutBody     bool
	refusesUnread   bool
	maxBody         uint32   // bytes; 0: the gateway's limit
	setHeaders      []string // in lower case: headers that some edge sets, and that clients cannot
	describeRequest bool     // some reference leads to the request's headers, path or query
}

// parseConfig reads the global configuration, or a rule, and logs what could only answer errors.
func parseConfig(o field.Object, config *Config) error {
	warnings, err := parse(o, config)
	for _, warning := range warnings {
		log.Error(warning)
	}
	return err
}

// parse reads a configuration. What could only answer errors loads, as it always has, with a warning: without a
// configuration the route might be open.
func parse(o field.Object, config *Config) (warnings []string, err error) {
	l := loader{config: config, index: map[string]int{}}
	env, _, err := o.Object("env")
	if err != nil {
		return nil, err
	}
	timeout, err := l.env(env)
	if err != nil {
		return nil, err
	}
	if !o.Has("workflow") {
		return nil, errors.New("workflow is empty")
	}
	workflow, _, err := o.Object("workflow")
	if err != nil {
		return nil, err
	}
	if err := l.nodes(workflow, timeout); err != nil {
		return nil, err
	}
	if err := l.edges(workflow); err != nil {
		return nil, err
	}
	l.inspect()
	return l.warnings, nil
}

// env reads what holds for all nodes and returns the timeout of a call in milliseconds.
func (l *loader) env(env field.Object) (uint32, error) {
	c := l.config
	depth, _, err := env.Int("max_depth", math.MinInt32, math.MaxInt32)
	if err != nil {
		return 0, err
	}
	if c.maxDepth = int(depth); c.maxDepth <= 0 {
		c.maxDepth = defaultDepth
	}
	timeout, _, err := env.Int("timeout", math.MinInt32, math.MaxInt32)
	if err != nil {
		return 0, err
	}
	if timeout <= 0 {
		timeout = min(defaultTimeout*int64(c.maxDepth), math.MaxInt32)
		l.warn("env.timeout is not set: each call may take max_depth times 5 seconds")
	}
	if c.withoutBody, _, err = env.Bool("run_without_body"); err != nil {
		return 0, err
	}
	unread, err := env.Enum("on_unreadable", "pass", "refuse")
	if err != nil {
		return 0, err
	}
	c.refusesUnread = unread == "refuse"
	maxBody, _, err := env.Int("max_body_bytes", 1, body.MostBytes)
	c.maxBody = uint32(maxBody)
	return uint32(timeout), err
}
