//go:build envoy && !wasmplane_noredis

package wrapper

import (
	"encoding/base64"
	"errors"
	"strconv"
	"unicode/utf8"

	"github.com/tidwall/gjson"
	"github.com/tidwall/resp"

	"github.com/wasmplane/wasmplane/pkg/log"
)

// restCommand encodes a command as a JSON array of strings. JSON holds text only: a word that is not valid UTF-8 is an
// error, for it would arrive as another one.
func restCommand(args []interface{}) ([]byte, error) {
	command := make([]byte, 0, 16+24*len(args))
	command = append(command, '[')
	var room [32]byte
	for i, arg := range args {
		word, text := arg.(string)
		if !text {
			word = string(appendWord(room[:0], arg))
		}
		if !utf8.ValidString(word) {
			return nil, errors.New("redis command: word " + decimal(i) + " is not valid UTF-8, which a Redis HTTP gateway needs")
		}
		if i > 0 {
			command = append(command, ',')
		}
		command = gjson.AppendJSONString(command, word)
	}
	return append(command, ']'), nil
}

var (
	errRedisUnreachable = errors.New("cannot connect to redis cluster")
	errRedisUnreadable  = errors.New("cannot read redis response")
	errRedisToken       = errors.New("NOAUTH Authentication required.")
)

// restAnswer turns an answer of the gateway into the value that Redis' own would be:
//
//	401, 403                     error NOAUTH Authentication required.
//	{"error": text}, any status  error, the text
//	200 {"result": …}            see restValue
//	other 5xx, no answer         error cannot connect to redis cluster
//	everything else              error cannot read redis response
//
// Timeouts and refused connections are among the 5xx: the host answers 504 and 503 for the gateway.
func restAnswer(status int, body []byte) resp.Value {
	if status == 401 || status == 403 {
		log.Critical("redis call refused, status: " + decimal(status))
		return resp.ErrorValue(errRedisToken)
	}
	var answer gjson.Result
	if gjson.ValidBytes(body) {
		answer = gjson.ParseBytes(body)
	}
	if answer.IsObject() {
		if text := answer.Get("error"); text.Type == gjson.String {
			return resp.ErrorValue(errors.New(text.Str))
		}
	}
	if status == 0 || status >= 500 {
		log.Critical("redis call failed, status: " + decimal(status))
		return resp.ErrorValue(errRedisUnreachable)
	}
	if status == 200 && answer.IsObject() {
		if value, err := restValue(answer.Get("result")); err == nil {
			return value
		}
	}
	log.Critical("failed to read redis response, status: " + decimal(status) + ", body: " + redactedSize(len(body)))
	return resp.ErrorValue(errRedisUnreadable)
}

// restValue reads a result. Strings are base64, as asked for with upstash-encoding, except OK, the one reply that
// remains a simple string; all others are bulk strings. A number that is no 64-bit integer is a bulk string of its
// digits, as RESP2 has it, and an error within an array an error value.
func restValue(result gjson.Result) (resp.Value, error) {
	switch {
	case !result.Exists():
		return resp.Value{}, errRedisUnreadable
	case result.Type == gjson.Null:
		return resp.NullValue(), nil
	case result.Type == gjson.True, result.Type == gjson.False:
		return resp.BoolValue(result.Type == gjson.True), nil
	case result.Type == gjson.Number:
		if n, err := strconv.ParseInt(result.Raw, 10, 64); err == nil {
			return resp.IntegerValue(int(n)), nil
		}
		return resp.StringValue(result.Raw), nil
	case result.Type == gjson.String:
		if result.Str == "OK" {
			return resp.SimpleStringValue("OK"), nil
		}
		text, err := base64.StdEncoding.DecodeString(result.Str)
		return resp.BytesValue(text), err
	case result.IsArray():
		return restArray(result)
	}
	if text := result.Get("error"); text.Type == gjson.String {
		return resp.ErrorValue(errors.New(text.Str)), nil
	}
	return resp.Value{}, errRedisUnreadable
}

func restArray(result gjson.Result) (resp.Value, error) {
	values := []resp.Value{}
	var failure error
	result.ForEach(func(_, item gjson.Result) bool {
		value, err := restValue(item)
		values, failure = append(values, value), err
		return err == nil
	})
	return resp.ArrayValue(values), failure
}
