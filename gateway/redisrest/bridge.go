// Package redisrest is a small Redis HTTP gateway: the Upstash REST protocol
// (https://upstash.com/docs/redis/features/restapi) in front of a real Redis. It lets plugins that use Redis be run and
// tested on a stock Envoy; it is not made for traffic.
package redisrest

import (
	"context"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"

	"github.com/tidwall/resp"
)

// maxBody bounds the bytes of a request.
const maxBody = 1 << 20

// Bridge is an http.Handler that sends commands to a Redis. It answers
//
//	POST /          one command, a JSON array of words
//	POST /pipeline  several, an array of such arrays, in their order and not atomically
//
// and neither the path form (/get/key) nor transactions. Every request has a connection of its own, which ends with the
// request. It is safe for concurrent use.
type Bridge struct {
	redis string
	token string
}

// New returns a bridge to the Redis at an address, "host:port". Requests must carry token as their bearer token, unless
// it is empty.
func New(redis, token string) *Bridge { return &Bridge{redis: redis, token: token} }

// ServeHTTP implements http.Handler.
func (b *Bridge) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !b.allows(r) {
		reply(w, http.StatusUnauthorized, failure("WRONGPASS invalid or missing auth token"))
		return
	}
	if r.Method != http.MethodPost {
		reply(w, http.StatusMethodNotAllowed, failure("ERR the method must be POST"))
		return
	}
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody))
	decoder.UseNumber()
	answer := answerer{ctx: r.Context(), redis: b.redis, base64: strings.EqualFold(r.Header.Get("Upstash-Encoding"), "base64")}
	switch r.URL.Path {
	case "/":
		var command []any
		if err := decoder.Decode(&command); err != nil {
			reply(w, http.StatusBadRequest, failure("ERR "+err.Error()))
			return
		}
		status, body := answer.command(command)
		reply(w, status, body)
	case "/pipeline":
		var commands [][]any
		if err := decoder.Decode(&commands); err != nil {
			reply(w, http.StatusBadRequest, failure("ERR "+err.Error()))
			return
		}
		status, body := answer.pipeline(commands)
		reply(w, status, body)
	default:
		reply(w, http.StatusNotFound, failure("ERR no such endpoint"))
	}
}

func (b *Bridge) allows(r *http.Request) bool {
	sent, bearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	return b.token == "" || bearer && subtle.ConstantTimeCompare([]byte(sent), []byte(b.token)) == 1
}

func failure(text string) map[string]any { return map[string]any{"error": text} }

func reply(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // a client that has left hears nothing
}

// answerer answers one request.
type answerer struct {
	ctx    context.Context
	redis  string
	base64 bool
}

// command returns status 400 for an error of Redis, and 502 when Redis cannot be asked.
func (a *answerer) command(command []any) (status int, body map[string]any) {
	answers, err := a.ask([][]any{command})
	var malformed *commandError
	switch {
	case errors.As(err, &malformed):
		return http.StatusBadRequest, failure("ERR " + err.Error())
	case err != nil:
		return http.StatusBadGateway, failure("ERR " + err.Error())
	case answers[0]["error"] != nil:
		return http.StatusBadRequest, answers[0]
	}
	return http.StatusOK, answers[0]
}

// pipeline returns status 200 whatever Redis says of single commands.
func (a *answerer) pipeline(commands [][]any) (status int, body any) {
	answers, err := a.ask(commands)
	var malformed *commandError
	switch {
	case errors.As(err, &malformed):
		return http.StatusBadRequest, failure("ERR " + err.Error())
	case err != nil:
		return http.StatusBadGateway, failure("ERR " + err.Error())
	}
	return http.StatusOK, answers
}

// commandError is a command that cannot be sent.
type commandError struct{ reason string }

func (e *commandError) Error() string { return e.reason }

// ask sends the commands, all at once, and reads their answers.
func (a *answerer) ask(commands [][]any) ([]map[string]any, error) {
	values := make([]resp.Value, len(commands))
	for i, command := range commands {
		value, err := commandValue(command)
		if err != nil {
			return nil, err
		}
		values[i] = value
	}
	conn, err := new(net.Dialer).DialContext(a.ctx, "tcp", a.redis)
	if err != nil {
		return nil, fmt.Errorf("redis: %w", err)
	}
	defer conn.Close()
	defer context.AfterFunc(a.ctx, func() { conn.Close() })()
	writer, reader := resp.NewWriter(conn), resp.NewReader(conn)
	answers := make([]map[string]any, len(commands))
	for _, value := range values {
		if err := writer.WriteValue(value); err != nil {
			return nil, fmt.Errorf("redis: %w", err)
		}
	}
	for i := range answers {
		value, _, err := reader.ReadValue()
		if err != nil {
			return nil, fmt.Errorf("redis: %w", err)
		}
		answers[i] = a.answer(value)
	}
	return answers, nil
}

func commandValue(command []any) (resp.Value, error) {
	if len(command) == 0 {
		return resp.Value{}, &commandError{"empty command"}
	}
	words := make([]resp.Value, len(command))
	for i, word := range command {
		switch word := word.(type) {
		case string:
			words[i] = resp.StringValue(word)
		case json.Number:
			words[i] = resp.StringValue(word.String())
		default:
			return resp.Value{}, &commandError{fmt.Sprintf("word %d of the command is neither a string nor a number", i)}
		}
	}
	return resp.ArrayValue(words), nil
}

func (a *answerer) answer(value resp.Value) map[string]any {
	if err := value.Error(); err != nil {
		return failure(err.Error())
	}
	return map[string]any{"result": a.result(value)}
}

// result encodes all strings but the reply OK when the client asked for base64.
func (a *answerer) result(value resp.Value) any {
	switch {
	case value.IsNull():
		return nil
	case value.Type() == resp.Integer:
		return value.Integer()
	case value.Type() == resp.Error:
		return failure(value.String())
	case value.Type() == resp.Array:
		items := make([]any, len(value.Array()))
		for i, item := range value.Array() {
			items[i] = a.result(item)
		}
		return items
	case !a.base64, value.Type() == resp.SimpleString && value.String() == "OK":
		return value.String()
	}
	return base64.StdEncoding.EncodeToString(value.Bytes())
}
