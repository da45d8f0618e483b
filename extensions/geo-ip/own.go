package main

import (
	"strconv"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/wasmplane/wasmplane/extensions/internal/field"
	"github.com/wasmplane/wasmplane/extensions/internal/packed"
	"github.com/wasmplane/wasmplane/pkg/log"
)

// parseTables reads the operator's own table and how it is used.
func parseTables(o field.Object) (*lookup, error) {
	mode, err := o.Enum("table_mode", "extend", "replace")
	if err != nil {
		return nil, err
	}
	own, err := parseTable(o, "table")
	switch {
	case err != nil:
		return nil, err
	case mode != "" && own == nil:
		return nil, o.FieldError("table_mode", "needs a table")
	case mode == "replace":
		return &lookup{general: own}, nil
	}
	general, err := builtinTable()
	if err != nil {
		return nil, err
	}
	return &lookup{first: own, general: general}, nil
}

// parseTable reads a field with a list of rows, a text with one a line, or such a text or a table of `wasmplane geo
// convert` in packed form. It returns nil where the field is absent or empty.
func parseTable(o field.Object, key string) (finder, error) {
	value := o.Get(key)
	if value.IsArray() {
		return parseRows(o, key, value)
	}
	text, _, err := o.String(key)
	if err != nil {
		return nil, o.FieldError(key, "must be a string or a list of strings")
	}
	if text, err = packed.File(text); err != nil {
		return nil, o.FieldError(key, err.Error())
	}
	if strings.HasPrefix(text, magic) {
		return openOwn(o, key, text)
	}
	var b rowsBuilder
	number := 0
	for line := range strings.Lines(text) {
		number++
		b.add(line, "line "+strconv.Itoa(number))
	}
	return finish(o, key, &b)
}

// parseRows reads a list of rows, which may be long, so it is not copied.
func parseRows(o field.Object, key string, list gjson.Result) (finder, error) {
	var b rowsBuilder
	var err error
	index := 0
	list.ForEach(func(_, item gjson.Result) bool {
		if item.Type != gjson.String {
			err = o.FieldError(field.Item(key, index), "must be a string")
			return false
		}
		b.add(item.Str, "row "+strconv.Itoa(index))
		index++
		return true
	})
	if err != nil {
		return nil, err
	}
	return finish(o, key, &b)
}

func openOwn(o field.Object, key, data string) (finder, error) {
	t, err := openTable(data)
	if err == nil {
		err = t.check()
	}
	if err != nil {
		return nil, o.FieldError(key, err.Error())
	}
	return t, nil
}

// finish warns of rows that were skipped. If there is none but such, the field was meant to be something else.
func finish(o field.Object, key string, b *rowsBuilder) (finder, error) {
	kept := len(b.list)
	switch {
	case kept == 0 && b.skipped == 0:
		return nil, nil
	case kept == 0:
		return nil, o.FieldError(key, b.problem)
	case b.skipped > 0:
		log.Warn(o.Place(key) + ": " + strconv.Itoa(b.skipped) + " of " + strconv.Itoa(kept+b.skipped) + " rows are skipped, the first is " + b.problem)
	}
	return b.build(), nil
}
