package main

import (
	"strconv"
	"strings"

	"github.com/corazawaf/coraza/v3/types"
	"github.com/tidwall/gjson"

	"github.com/wasmplane/wasmplane/extensions/internal/field"
	"github.com/wasmplane/wasmplane/extensions/internal/httpheader"
	"github.com/wasmplane/wasmplane/extensions/internal/refusal"
	"github.com/wasmplane/wasmplane/pkg/log"
)

const (
	// refusalDetails are the response-code-details of every refusal by a rule.
	refusalDetails = "waf"
	// internalErrorDetails are those of a request that the engine could not examine.
	internalErrorDetails = "waf.internal_error"
)

// blockPage is the field block_page: what refused clients get instead of an empty body.
type blockPage struct {
	body    string
	headers [][2]string
}

func parseBlockPage(parent field.Object) (*blockPage, error) {
	o, set, err := parent.Object("block_page")
	if err != nil || !set {
		return nil, err
	}
	if err := onlyFields(o, "body", "content_type", "headers"); err != nil {
		return nil, err
	}
	page := &blockPage{}
	if page.body, _, err = o.String("body"); err != nil {
		return nil, err
	}
	contentType, set, err := o.String("content_type")
	if err != nil {
		return nil, err
	}
	if !set {
		contentType = "text/html; charset=utf-8"
	}
	if page.body != "" {
		page.headers = append(page.headers, [2]string{"content-type", contentType})
	}
	headers, _, err := o.Object("headers")
	if err != nil {
		return nil, err
	}
	headers.JSON().ForEach(func(name, value gjson.Result) bool {
		switch {
		case !httpheader.IsName(name.Str):
			err = httpheader.NameError(headers, name.Str)
		case value.Type != gjson.String:
			err = headers.FieldError(name.Str, "must be a string")
		default:
			page.headers = append(page.headers, [2]string{strings.ToLower(name.Str), value.Str})
		}
		return err == nil
	})
	if err != nil {
		return nil, err
	}
	for _, h := range page.headers {
		if strings.ContainsAny(h[1], "\r\n\x00") {
			return nil, o.Error("header " + h[0] + " must not hold line breaks")
		}
	}
	return page, nil
}

// statusOf is the status a refusal is sent with: the rule's if a response can have it, else 403.
func statusOf(it *types.Interruption) int {
	if it.Status >= 200 && it.Status <= 599 {
		return it.Status
	}
	return 403
}

// refuse answers with what a rule decided.
func (s *inspection) refuse(it *types.Interruption) {
	s.answered = true
	status := statusOf(it)
	s.status = status
	var headers [][2]string
	var body string
	if page := s.config.page; page != nil {
		headers = append(headers, page.headers...)
		body = strings.NewReplacer("{status_code}", strconv.Itoa(status), "{transaction_id}", s.tx.ID()).Replace(page.body)
	}
	if it.Action == "redirect" {
		headers = append(headers, [2]string{"location", it.Data})
	}
	refusal.Send(uint32(status), refusalDetails, headers, []byte(body))
}

// fail answers a request that cannot be examined.
func (s *inspection) fail(problem string) {
	log.Error("the request is refused: " + problem)
	s.answered = true
	s.status = 500
	refusal.Send(500, internalErrorDetails, nil, nil)
}
