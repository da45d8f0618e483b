package main

import (
	"mime"
	"reflect"
	"strconv"
	"strings"

	"github.com/corazawaf/coraza/v3/collection"
	"github.com/corazawaf/coraza/v3/experimental/plugins/plugintypes"

	"github.com/wasmplane/wasmplane/pkg/log"
)

// rawProcessor is the engine's processor that puts a body into REQUEST_BODY as it is.
const rawProcessor = "RAW"

// examinable gets a request body ready for the engine, which reads it by the processor that the headers or the rules of
// phase 1 chose. A body without one is examined as it is, and one of too many parts up to the limit.
func (s *inspection) examinable(body []byte) []byte {
	v := s.tx.(plugintypes.TransactionState).Variables() // as the engine's transactions are: see readLimits
	switch strings.ToLower(v.RequestBodyProcessor().Get()) {
	case "":
		if !s.engine.forcesBody(s.tx) {
			setSingle(v.RequestBodyProcessor(), rawProcessor)
		}
	case "multipart":
		return s.examinableParts(v, body)
	}
	return body
}

// forcesBody reports whether a rule did ctl:forceRequestBodyVariable=On, with which the engine reads a body without a
// processor as a form.
func (e *engine) forcesBody(tx any) bool {
	return reflect.Indirect(reflect.ValueOf(tx)).FieldByIndex(e.forceField).Bool()
}

// examinableParts cuts a multipart body where it has more parts than SecArgumentsLimit, or more bytes in their names than
// are examined, and tells the rules.
func (s *inspection) examinableParts(v plugintypes.TransactionVariables, body []byte) []byte {
	types := v.RequestHeaders().Get("content-type")
	if len(types) == 0 {
		return body
	}
	_, parameters, err := mime.ParseMediaType(types[0])
	if err != nil || parameters["boundary"] == "" {
		return body // the engine reports it
	}
	limits := partLimits{parts: s.engine.argumentLimit}
	if s.engine.bounded {
		limits.headerBytes = int(s.engine.bounds.argumentBytes)
	}
	end, excess := limits.within(body, parameters["boundary"])
	switch excess {
	case tooManyParts:
		log.Warn("the request has more than " + strconv.Itoa(limits.parts) + " parts; the others are not examined")
		setSingle(v.ArgumentsLimitReached(), "1")
	case tooLongHeaders:
		v.TX().Set(partBytesVariable, []string{strconv.Itoa(limits.headerBytes + 1)})
	}
	return body[:end]
}

// setSingle gives a variable of the engine with one value another. The interfaces of the engine can only read it.
func setSingle(variable collection.Single, value string) {
	variable.(interface{ Set(string) }).Set(value)
}
