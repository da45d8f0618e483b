package main

import (
	"math"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/wasmplane/wasmplane/extensions/internal/field"
	"github.com/wasmplane/wasmplane/extensions/internal/template"
)

// question is the body of the call; the prompt is put in as a JSON string's inside, so it cannot become anything else.
type question struct{ body template.Text }

const promptVariable = "prompt"

func parseQuestion(o field.Object, chat bool) (question, error) {
	own, err := o.StringOr("body_template", "")
	if err != nil {
		return question{}, err
	}
	if own == "" {
		own, err = standardBody(o, chat)
	}
	if err != nil {
		return question{}, err
	}
	body, err := template.Parse(own, template.JSON, promptVariable)
	if err != nil {
		return question{}, o.FieldError("body_template", err.Error())
	}
	q := question{body}
	if !body.Uses(promptVariable) || !gjson.Valid(q.ask(`"`)) {
		return question{}, o.FieldError("body_template", `must be JSON with "${prompt}" inside a string`)
	}
	return q, nil
}

func (q *question) ask(prompt string) string {
	return q.body.Render(func(string) string { return prompt })
}

// standardBody is the body for a completion, or for a chat.
func standardBody(o field.Object, chat bool) (string, error) {
	model, err := o.StringOr("model", defaultModel)
	if err != nil {
		return "", err
	}
	body := `{"model":` + quoted(model)
	if chat {
		system, err := o.StringOr("system_prompt", "")
		if err != nil {
			return "", err
		}
		body += `,"messages":[`
		if system != "" {
			body += `{"role":"system","content":` + quoted(system) + `},`
		}
		body += `{"role":"user","content":"${prompt}"}]`
	} else {
		body += `,"prompt":"${prompt}"`
	}
	for _, setting := range []struct {
		name, otherwise string
		low, high       float64
	}{
		{"temperature", "0.9", 0, 2},
		{"max_tokens", "150", 1, math.MaxInt32},
		{"top_p", "1", 0, 1},
		{"frequency_penalty", "0.0", -2, 2},
		{"presence_penalty", "0.6", -2, 2},
	} {
		value, err := number(o, setting.name, setting.otherwise, setting.low, setting.high)
		if err != nil {
			return "", err
		}
		body += `,"` + setting.name + `":` + value
	}
	human, err := o.StringOr("HumainId", "Human:")
	if err != nil {
		return "", err
	}
	if human, err = o.StringOr("HumanId", human); err != nil {
		return "", err
	}
	ai, err := o.StringOr("AIId", "AI:")
	if err != nil {
		return "", err
	}
	return body + `,"stop":[` + quoted(" "+human) + `,` + quoted(" "+ai) + `]}`, nil
}

// quoted is a JSON string in which no text looks like a variable.
func quoted(s string) string {
	return strings.ReplaceAll(string(gjson.AppendJSONString(nil, s)), "${", `\u0024{`)
}
