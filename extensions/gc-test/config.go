package main

import (
	"strconv"

	"github.com/tidwall/gjson"

	"github.com/wasmplane/wasmplane/extensions/internal/field"
)

// Limits in bytes: a VM has a few hundred megabytes at most.
const (
	largestBlock = 64 << 20
	largestHold  = 1 << 30
)

// Config is the global configuration, or that of a rule; a rule inherits nothing.
type Config struct {
	bytes   int  // allocated per request
	hold    int  // up to so many bytes of earlier requests are kept
	details bool // report NumGC and the number of goroutines, too
	held    *held
}

// held are blocks that the collector may not free, the oldest first.
type held struct {
	blocks [][]byte
	size   int
}

// parseConfig takes texts that are no number for 0, as it always has.
func parseConfig(json gjson.Result, config *Config) error {
	o := field.Of(json)
	size, err := sizeOf(o, "bytes", largestBlock)
	if err != nil {
		return err
	}
	hold, err := sizeOf(o, "hold_bytes", largestHold)
	if err != nil {
		return err
	}
	details, _, err := o.Bool("details")
	if err != nil {
		return err
	}
	*config = Config{bytes: size, hold: hold, details: details, held: &held{}}
	return nil
}

func sizeOf(o field.Object, name string, most int64) (int, error) {
	size, err := strconv.ParseFloat(o.Get(name).String(), 64)
	if err != nil || size != size {
		return 0, nil
	}
	if size < 0 || size > float64(most) {
		return 0, o.FieldError(name, "must be between 0 and "+strconv.FormatInt(most, 10)+", not "+o.Get(name).Raw)
	}
	return int(size), nil
}
