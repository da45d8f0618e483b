package main

import (
	"errors"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/wasmplane/wasmplane/extensions/internal/body"
)

// maxUnique bounds the lists of which RETAIN_UNIQUE remembers the elements.
const maxUnique = 50_000

// jsonEdit is a JSON body under edit.
type jsonEdit struct {
	e        *exchange
	doc      *body.Document
	received string // as it came; "" if no item maps from it
	room     []byte // the received bytes, where nobody needs them any more
}

// editJSON applies the body items. The result is pretty-printed.
func (e *exchange) editJSON(data []byte) ([]byte, error) {
	j := &jsonEdit{e: e, doc: body.NewDocument(data), room: data}
	for _, i := range e.bodyItems {
		if i.op == opMap && i.source == inBody || i.value.readsBody {
			j.received, j.room = body.View(data), nil
		}
	}
	for _, i := range e.bodyItems {
		if err := j.apply(i); err != nil {
			return nil, errors.New("failed to " + i.op + ": " + err.Error())
		}
	}
	j.doc.Layout()
	return j.doc.Bytes(), nil
}

func (j *jsonEdit) apply(i *item) error {
	switch i.op {
	case opRemove:
		return j.doc.Delete(&i.place)
	case opRename:
		return j.rename(i)
	case opReplace:
		return j.write(i, &i.place)
	case opAdd:
		if _, exists := j.doc.Get(&i.from); exists {
			return nil
		}
		return j.write(i, &i.place)
	case opAppend:
		return j.append(i)
	case opMap:
		return j.mapValue(i)
	}
	return j.dedupe(i)
}

func (j *jsonEdit) value(i *item) (string, error) {
	return convert(i.value.render(j.e, i.kind == kindString), i.kind)
}

func (j *jsonEdit) write(i *item, place *body.Place) error {
	raw, err := j.value(i)
	if err != nil {
		return err
	}
	return j.doc.Set(place, raw)
}

func (j *jsonEdit) rename(i *item) error {
	raw, exists := j.doc.Get(&i.from)
	if !exists || i.key == i.to {
		return nil
	}
	if err := j.doc.Set(&i.toPlace, j.join(raw)); err != nil {
		return err
	}
	return j.doc.Delete(&i.place)
}

// join copies what the next edit would overwrite, into the received body's memory where that is free and large enough.
func (j *jsonEdit) join(pieces ...string) string {
	size := 0
	for _, piece := range pieces {
		size += len(piece)
	}
	out := j.room[:0]
	if size > cap(out) {
		out = make([]byte, 0, size)
	}
	for _, piece := range pieces {
		out = append(out, piece...)
	}
	return body.View(out)
}

func (j *jsonEdit) append(i *item) error {
	old, exists := j.doc.Get(&i.from)
	if !exists {
		return j.write(i, &i.place)
	}
	raw, err := j.value(i)
	if err != nil {
		return err
	}
	switch {
	case old[0] != '[':
		return j.doc.Set(&i.place, j.join("[", old, ",", raw, "]"))
	case i.place.Complex():
		inner := strings.TrimSpace(old[1 : len(old)-1])
		if inner == "" {
			return j.doc.Set(&i.place, "["+raw+"]")
		}
		return j.doc.Set(&i.place, j.join("[", inner, ",", raw, "]"))
	}
	return j.doc.Set(&i.lastPlace, raw)
}

func (j *jsonEdit) mapValue(i *item) error {
	raw, found := "", false
	if i.source == inBody {
		if raw, found = i.from.In(j.received); !found {
			raw, found = j.doc.Get(&i.from)
			raw = j.join(raw)
		}
		if found && i.single {
			raw = body.Quote(body.Text(raw))
		}
	} else {
		var values []string
		if values, found = j.e.lookUp(i, nil); found {
			raw = listOf(values)
			if i.single {
				raw = body.Quote(first(values))
			}
		}
	}
	if !found {
		return nil
	}
	return j.doc.Set(&i.toPlace, raw)
}

func listOf(values []string) string {
	list := []byte{'['}
	for n, value := range values {
		if n > 0 {
			list = append(list, ',')
		}
		list = gjson.AppendJSONString(list, value)
	}
	return string(append(list, ']'))
}

func (j *jsonEdit) dedupe(i *item) error {
	raw, exists := j.doc.Get(&i.from)
	if !exists {
		return nil
	}
	result := ""
	switch {
	case raw[0] == '"' && strings.HasPrefix(i.dedupe, "SPLIT_"):
		result = body.Quote(splitAndRetain(body.Text(raw), i.dedupe))
	case raw[0] == '[':
		var err error
		if result, err = j.dedupeList(gjson.Parse(raw), i.dedupe); err != nil {
			return err
		}
	}
	if result == "" || result == "null" {
		return nil
	}
	return j.doc.Set(&i.place, result)
}

// dedupeList applies a strategy to a list; "" for an empty one.
func (j *jsonEdit) dedupeList(list gjson.Result, strategy string) (string, error) {
	var chosen string
	var unique []string
	seen := map[string]bool{}
	tooLong := false
	list.ForEach(func(_, element gjson.Result) bool {
		switch strategy {
		case "RETAIN_UNIQUE":
			if text := body.Text(element.Raw); !seen[text] {
				seen[text] = true
				unique = append(unique, element.Raw)
			}
			tooLong = len(unique) > maxUnique
			return !tooLong
		case "RETAIN_LAST":
			chosen = element.Raw
			return true
		case "SPLIT_AND_RETAIN_FIRST", "SPLIT_AND_RETAIN_LAST":
			chosen = body.Quote(splitAndRetain(body.Text(element.Raw), strategy))
		default:
			chosen = element.Raw
		}
		return false
	})
	switch {
	case tooLong:
		return "", errors.New("the list has more than 50000 different elements")
	case len(unique) == 1:
		chosen = unique[0]
	case unique != nil:
		pieces := make([]string, 0, 2*len(unique)+1)
		for _, element := range unique {
			pieces = append(pieces, ",", element)
		}
		pieces[0] = "["
		return j.join(append(pieces, "]")...), nil
	}
	return j.join(chosen), nil
}
