package main

import (
	_ "embed"
	"errors"
)

// builtinData is made by `wasmplane geo convert` from the data of ip2region; NOTICE and README.md say which and under which
// license.
//
//go:embed table.bin
var builtinData string

// builtinTable opens the built-in table, which costs next to nothing however often it is done.
func builtinTable() (*table, error) {
	t, err := openTable(builtinData)
	if err != nil {
		return nil, errors.New("the built-in table " + err.Error())
	}
	return t, nil
}
