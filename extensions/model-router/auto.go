package main

import (
	"regexp"

	"github.com/tidwall/gjson"

	"github.com/wasmplane/wasmplane/extensions/internal/body"
	"github.com/wasmplane/wasmplane/extensions/internal/field"
	"github.com/wasmplane/wasmplane/pkg/log"
)

const (
	autoName   = "higress/auto" // the name that asks for a choice
	autoHeader = "x-higress-llm-model"
)

// auto chooses a model by what the user asks.
type auto struct {
	rules       []autoRule // the first that matches decides
	fallback    string     // "" for none
	otherShapes bool       // also of requests other than chats
}

type autoRule struct {
	pattern *regexp.Regexp
	model   string
}

// parseAuto returns nil where the choice is not switched on. Bad rules are no load errors: they never were.
func parseAuto(o field.Object) (*auto, error) {
	if !o.Get("autoRouting").IsObject() {
		return nil, nil
	}
	settings, _, err := o.Object("autoRouting")
	if err != nil {
		return nil, err
	}
	a := &auto{fallback: settings.Get("defaultModel").String()}
	if a.otherShapes, _, err = settings.Bool("otherShapes"); err != nil {
		return nil, err
	}
	if !settings.Get("enable").Bool() {
		return nil, nil
	}
	for i, rule := range settings.Get("rules").Array() {
		pattern, name := rule.Get("pattern").String(), rule.Get("model").String()
		problem := settings.Place(field.Item("rules", i)) + ": the rule is skipped: "
		if pattern == "" || name == "" {
			log.Error(problem + "pattern and model must not be empty")
			continue
		}
		expression, err := regexp.Compile(pattern)
		if err != nil {
			log.Error(problem + "failed to compile regex pattern: " + err.Error())
			continue
		}
		a.rules = append(a.rules, autoRule{expression, name})
	}
	return a, nil
}

// choose returns the model for what the user asks; "" if there is none.
func (a *auto) choose(message string) string {
	if message != "" {
		for i := range a.rules {
			if a.rules[i].pattern.MatchString(message) {
				return a.rules[i].model
			}
		}
	}
	if a.fallback == "" {
		log.Warn("auto routing: no rule matched and no default model configured")
	}
	return a.fallback
}

var (
	messagesPath = body.Path{"messages"}
	inputPath    = body.Path{"input"}
	promptPath   = body.Path{"prompt"}
	rolePath     = body.Path{"role"}
	contentPath  = body.Path{"content"}
	typePath     = body.Path{"type"}
	textPath     = body.Path{"text"}
)

// message is what the user asks in a JSON body: in the last message of a chat that is the user's.
func (a *auto) message(json string) string {
	messages := body.Last(json, messagesPath)
	if messages.Exists() || !a.otherShapes {
		return lastOfUser(messages)
	}
	if input := body.Last(json, inputPath); input.Exists() { // of the Responses API, or of embeddings
		return lastOfUser(input)
	}
	return lastOfUser(body.Last(json, promptPath))
}

// lastOfUser reads a text, or the last in a list of texts and messages.
func lastOfUser(value gjson.Result) (text string) {
	if value.Type == gjson.String {
		return value.Str
	}
	if !value.IsArray() {
		return ""
	}
	value.ForEach(func(_, item gjson.Result) bool {
		switch {
		case item.Type == gjson.String:
			text = item.Str
		case item.IsObject() && body.Last(item.Raw, rolePath).String() == "user":
			text = contentText(body.Last(item.Raw, contentPath))
		}
		return true
	})
	return text
}

// contentText is the text of a message: of a list, its last text.
func contentText(content gjson.Result) (text string) {
	if !content.IsArray() {
		return content.String()
	}
	content.ForEach(func(_, part gjson.Result) bool {
		if !part.IsObject() {
			return true
		}
		if kind := body.Last(part.Raw, typePath).String(); kind == "text" || kind == "input_text" {
			text = body.Last(part.Raw, textPath).String()
		}
		return true
	})
	return text
}
