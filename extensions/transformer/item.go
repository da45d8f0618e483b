package main

import (
	"errors"
	"strconv"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/wasmplane/wasmplane/extensions/internal/body"
	"github.com/wasmplane/wasmplane/extensions/internal/field"
	"github.com/wasmplane/wasmplane/extensions/internal/httpheader"
	"github.com/wasmplane/wasmplane/pkg/log"
)

// What an item does.
const (
	opRemove  = "remove"
	opRename  = "rename"
	opReplace = "replace"
	opAdd     = "add"
	opAppend  = "append"
	opMap     = "map"
	opDedupe  = "dedupe"
)

// Sections of a message, by their names in the configuration.
const (
	inHeaders = "headers"
	inQuerys  = "querys"
	inBody    = "body"
)

// item is one edit of one section.
type item struct {
	op      string
	section string // what is edited
	source  string // of map
	key     string // also oldKey and fromKey
	to      string // newKey and toKey
	value   value  // newValue, value and appendValue
	kind    string // value_type
	dedupe  string // strategy
	single  bool   // map gives a string rather than a list
	when    []*condition
	label   string // "reqRules[0].headers[1]"

	// Paths in JSON.
	from           body.Query // key
	place, toPlace body.Place // key and to
	lastPlace      body.Place // a new last element of key
	complex        bool       // key leads to several places
}

// ruleParser reads reqRules or respRules.
type ruleParser struct {
	direction *direction
	templates bool
}

func (p *ruleParser) parse(rules gjson.Result, name string) error {
	for i, rule := range rules.Array() {
		label := field.Item(name, i)
		if rules.IsObject() {
			label = name
		}
		if !rule.IsObject() {
			return errors.New(label + ": must be an object")
		}
		if err := p.rule(rule, label); err != nil {
			return err
		}
		p.direction.rules = true
	}
	return nil
}

func (p *ruleParser) rule(rule gjson.Result, label string) error {
	op := strings.ToLower(rule.Get("operate").String())
	switch op {
	case opRemove, opRename, opReplace, opAdd, opAppend, opMap, opDedupe:
	default:
		return errors.New(label + ".operate: must be one of remove, rename, replace, add, append, map, dedupe, not " + shown(rule.Get("operate")))
	}
	source := ""
	if given := rule.Get("mapSource"); op == opMap && given.Exists() {
		source = given.String()
		if source != inHeaders && source != inQuerys && source != inBody {
			return errors.New(label + ".mapSource: must be one of headers, querys, body, not " + shown(given))
		}
	}
	when, err := parseWhen(rule.Get("when"), label+".when", p.direction.name)
	if err != nil {
		return err
	}
	for _, section := range [...]struct {
		name  string
		items *[]*item
	}{{inHeaders, &p.direction.headers}, {inQuerys, &p.direction.querys}, {inBody, &p.direction.body}} {
		list := rule.Get(section.name)
		for n, object := range list.Array() {
			i := &item{op: op, section: section.name, source: source, when: when, label: label + "." + field.Item(section.name, n)}
			if list.IsObject() {
				i.label = label + "." + section.name
			}
			if !object.IsObject() {
				log.Warn(i.label + ": is no object, and does nothing")
				continue
			}
			if i.source == "" {
				i.source = section.name
			}
			useful, err := p.item(i, object)
			if err != nil {
				return err
			}
			if useful && !(section.name == inQuerys && p.direction.name == "response") {
				*section.items = append(*section.items, i)
			}
		}
	}
	return nil
}

// item reads one item. useful is false for one that could only do damage: a header without a name.
func (p *ruleParser) item(i *item, object gjson.Result) (useful bool, err error) {
	text := func(name string) string { return object.Get(name).String() }
	i.key = text("key")
	valueField := ""
	switch i.op {
	case opRename:
		i.key, i.to = text("oldKey"), text("newKey")
	case opReplace:
		valueField = "newValue"
	case opAdd:
		valueField = "value"
	case opAppend:
		valueField = "appendValue"
	case opMap:
		i.key, i.to = text("fromKey"), text("toKey")
		if i.single, _, err = field.Of(object).Bool("single"); err != nil {
			return false, errors.New(i.label + "." + err.Error())
		}
	case opDedupe:
		i.dedupe = strings.ToUpper(text("strategy"))
	}
	if i.section == inBody {
		if err := i.parseKind(object); err != nil {
			return false, err
		}
	}
	when, err := parseWhen(object.Get("when"), i.label+".when", p.direction.name)
	if err != nil {
		return false, err
	}
	i.when = append(i.when[:len(i.when):len(i.when)], when...)
	if valueField != "" {
		if i.value, err = p.parseValue(object, valueField, i); err != nil {
			return false, errors.New(i.label + "." + err.Error())
		}
	}
	if i.section == inHeaders {
		if err := p.refuseLoss(i); err != nil {
			return false, err
		}
	}
	return i.finish(), nil
}

func (i *item) parseKind(object gjson.Result) error {
	i.kind = kindString
	given := object.Get("value_type")
	if !given.Exists() {
		return nil
	}
	switch i.kind = strings.ToLower(given.String()); i.kind {
	case kindObject, kindBoolean, kindNumber, kindString:
		return nil
	}
	return errors.New(i.label + ".value_type: must be one of object, boolean, number, string, not " + shown(given))
}

// finish computes what the request path needs.
func (i *item) finish() (useful bool) {
	if i.section == inHeaders {
		i.to = strings.ToLower(i.to)
	}
	if i.op != opMap && i.section == inHeaders || i.op == opMap && i.source == inHeaders {
		i.key = strings.ToLower(i.key)
	}
	i.from = body.ParseQuery(i.key)
	if i.section == inBody {
		i.place, i.toPlace, i.lastPlace = body.ParsePlace(i.key), body.ParsePlace(i.to), body.ParsePlace(i.key+".-1")
		if problem := i.constantProblem(); problem != "" {
			log.Warn(i.label + ": JSON bodies stay as they are: " + problem)
		}
	}
	if i.section == inHeaders && i.op != opRemove && !httpheader.IsNameOrPseudo(i.target()) {
		log.Warn(i.label + ": " + strconv.Quote(i.target()) + " is no header name, so nothing is done")
		return false
	}
	return true
}

// refuseLoss refuses edits after which a message could not be sent.
func (p *ruleParser) refuseLoss(i *item) error {
	name := strings.ToLower(i.key)
	switch name {
	case ":path", ":authority", ":method":
		if p.direction.name != "request" {
			return nil
		}
	case ":status":
		if p.direction.name != "response" {
			return nil
		}
	default:
		return nil
	}
	lost := i.op == opRemove || i.op == opRename && !strings.EqualFold(i.to, name) ||
		i.op == opReplace && i.value.constant() && i.value.text == ""
	if lost {
		return errors.New(i.label + ": " + name + " cannot be removed or emptied")
	}
	return nil
}

// target is the name or path that the item writes to.
func (i *item) target() string {
	if i.op == opRename || i.op == opMap {
		return i.to
	}
	return i.key
}

// readsBody tells whether the body must be known before the item is applied to headers or query.
func (i *item) readsBody() bool {
	return i.section != inBody && (i.op == opMap && i.source == inBody || i.value.readsBody)
}

// shown is a value as a message of a load error has it.
func shown(v gjson.Result) string {
	if !v.Exists() {
		return "absent"
	}
	return v.Raw
}
