//go:build envoy && !wasmplane_noredis

package wrapper

import (
	"bytes"
	"errors"
	"strings"

	"github.com/tidwall/resp"

	"github.com/wasmplane/wasmplane/pkg/log"
)

// Stock Envoy and Istio have no Redis call-outs. Built with the tag envoy, the SDK sends every command as an HTTP call to
// the same cluster, behind which a gateway speaks the Upstash REST protocol
// (https://upstash.com/docs/redis/features/restapi): POST / with the command's words as a JSON array, answered by
// {"result": …} or {"error": …}.

// redisLogin is what Init was given.
type redisLogin struct {
	initialised, ready bool
	token              string // empty means no authorization header
	timeout            uint32 // ms
}

// withoutInit is how RedisCall behaves for a cluster that no client was initialised for, as Redis call-outs do.
var withoutInit = redisLogin{timeout: 1000}

// redisLogins are the logins of the last Init by cluster name, for RedisCall. A module has one thread.
var redisLogins = map[string]redisLogin{}

// Init sets how commands are sent. password is the bearer token; without one no authorization header is sent. The token
// says who the user is, so any username but default is refused, as is a database other than 0. timeout is in
// milliseconds and applies to every command by itself; 0 means none. Options about buffering have no effect: every
// command is sent at once.
//
// The gateway is not asked for anything, so Ready is true after an Init that returned nil. A token that it refuses shows
// as NOAUTH in the answers.
func (c *RedisClusterClient[C]) Init(username, password string, timeout int64, opts ...optionFunc) error {
	c.redisLogin = redisLogin{}
	options := optionsOf(opts)
	switch {
	case options.database != 0:
		return errors.New("redis database " + decimal(options.database) + ": a Redis HTTP gateway offers database 0 only")
	case username != "" && username != "default":
		return errors.New("redis username: must be empty or default, a Redis HTTP gateway knows the user by the token")
	case strings.ContainsFunc(password, func(r rune) bool { return r < ' ' || r == 0x7f }):
		return errors.New("redis password: must not hold control characters, it is sent as a bearer token")
	}
	c.redisLogin = redisLogin{initialised: true, ready: true, token: password, timeout: redisTimeout(timeout)}
	redisLogins[c.clusterName()] = c.redisLogin
	return nil
}

// call sends a command, with the login of the client's own Init.
func (c *RedisClusterClient[C]) call(callback RedisResponseCallback, args ...interface{}) error {
	if !c.ready {
		return errors.New("redis client is not ready, please call Init() first")
	}
	command, err := restCommand(args)
	if err != nil {
		return err
	}
	return c.redisLogin.post(c.clusterName(), c.cluster, command, callback)
}

// RedisCall sends a query, one command in RESP, to cluster, with the login of the last Init for it: without one, no
// token and 1000 ms. callback may be nil. On an error it never runs.
func RedisCall(cluster Cluster, respQuery []byte, callback RedisResponseCallback) error {
	words, err := queryWords(respQuery)
	if err != nil {
		return err
	}
	command, err := restCommand(words)
	if err != nil {
		return err
	}
	name := cluster.ClusterName()
	login, known := redisLogins[name]
	if !known {
		login = withoutInit
	}
	return login.post(name, cluster, command, callback)
}

func queryWords(respQuery []byte) ([]interface{}, error) {
	if len(respQuery) == 0 {
		return nil, errors.New("redis query must not be empty")
	}
	query, n, err := resp.NewReader(bytes.NewReader(respQuery)).ReadValue()
	if err != nil {
		return nil, errors.New("redis query: " + err.Error())
	}
	if n != len(respQuery) || len(query.Array()) == 0 {
		return nil, errors.New("redis query: must be one command")
	}
	words := make([]interface{}, len(query.Array()))
	for i, word := range query.Array() {
		words[i] = word.Bytes()
	}
	return words, nil
}

// post sends a command. Answers to several commands may come in another order than the commands went.
func (l redisLogin) post(clusterName string, cluster Cluster, command []byte, callback RedisResponseCallback) error {
	authority := cluster.HostName()
	if authority == "" {
		authority = "unknownhost"
	}
	headers := make([][2]string, 0, 6)
	headers = append(headers, [2]string{":method", "POST"}, [2]string{":path", "/"}, [2]string{":authority", authority},
		[2]string{"content-type", "application/json"}, [2]string{"upstash-encoding", "base64"})
	if l.token != "" {
		headers = append(headers, [2]string{"authorization", "Bearer " + l.token})
	}
	return dispatchRedis(clusterName, headers, command, l.timeout, callback)
}

func (c *callout) deliverRedis(callback RedisResponseCallback, bodySize int) {
	status, body := redisResponse(bodySize)
	response := restAnswer(status, body)
	if levelEnabled(LogLevelDebug) {
		log.Debug("redis call end, id: " + c.logID() + ", status: " + decimal(status) + ", response: " +
			redactedSize(len(body)))
	}
	if callback != nil {
		callback(response)
	}
}
