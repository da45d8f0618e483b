package main

import "github.com/tidwall/gjson"

// Config is empty: any configuration is accepted.
type Config struct{}

func parseConfig(gjson.Result, *Config) error { return nil }
