package cases

import (
	"errors"
	"testing"

	"github.com/alicebob/miniredis/v2"
	"github.com/stretchr/testify/assert"
	"github.com/tidwall/resp"
)

func TestRedis(t *testing.T) {
	const head = "services: [{name: redis.static, port: 6379, redis: true}]\n"
	const incr = "config: {redis: [INCR, num]}\nredisBefore: [[SET, num, 4], [RPUSH, l, a, b]]\nrequest: {}\n"
	runAssertions(t, head, []assertion{
		{"replies", incr + "redis: [{command: [GET, num], reply: '5'}, {command: [TTL, num], reply: -1}, {command: [GET, none], reply: null}, {command: [LRANGE, l, 0, -1], reply: [a, '~b']}, {command: [STRLEN, num], reply: {atLeast: 1, atMost: 1}}]", nil},
		{"a number is no text", incr + "redis: [{command: [GET, num], reply: 5}]", []string{"redis[0] GET num"}},
		{"a text is no number", incr + "redis: [{command: [TTL, num], reply: '-1'}]", []string{"redis[0] TTL num"}},
		{"another reply", incr + "redis: [{command: [GET, num], reply: '6'}]", []string{"redis[0] GET num"}},
		{"another list", incr + "redis: [{command: [LRANGE, l, 0, -1], reply: [a]}]", []string{"redis[0] LRANGE l 0 -1"}},
		{"out of bounds", incr + "redis: [{command: [STRLEN, num], reply: {atLeast: 2}}]", []string{"redis[0] STRLEN num"}},
		{"something instead of null", incr + "redis: [{command: [GET, num], reply: null}]", []string{"redis[0] GET num"}},
		{"a command before that fails", "redisBefore: [[NOSUCH]]\nrequest: {}\nresponse: {statusCode: 200}", []string{"redisBefore[0]"}},
		{"a step that only looks", "redis: [{command: [DBSIZE], reply: 0}]", nil},
	}, RunOptions{RedisPrivate: true}, func(e *fakeEngine) {
		server := miniredis.RunT(t)
		server.Set("left", "over")
		e.redis = server.Addr()
	})
}

func TestRedisMustBeEmptyUnlessItIsPrivate(t *testing.T) {
	const text = "services: [{name: redis.static, port: 6379, redis: true}]\ncases:\n- {name: c, request: {}, response: {statusCode: 200}}\n"
	e := newFakeEngine(t)
	_, results := runText(t, e, text, RunOptions{})
	assert.Equal(t, []string{"redis"}, fields(results), "the engine has none")

	server := miniredis.RunT(t)
	server.Set("someone", "else's")
	e.redis = server.Addr()
	summary, results := runText(t, e, text, RunOptions{})
	assert.Equal(t, []string{"redis"}, fields(results))
	assert.Equal(t, 1, summary.Failed)
	assert.True(t, server.Exists("someone"), "nothing is deleted")

	server.FlushAll()
	summary, _ = runText(t, e, text, RunOptions{})
	assert.Equal(t, 1, summary.Passed)
}

func TestRedisThatAnswersAsTold(t *testing.T) {
	const head = "services:\n- name: redis.static\n  port: 6379\n  commands:\n" +
		"  - {command: [GET, slow], delay: 1ms, reply: [2, null, x]}\n  - {command: [GET, gone], close: true}\n  - {command: [GET, '~^k:.*'], reply: v}\n" +
		"  - {command: [GET, broken], error: ERR broken}\n  - {command: [GET, hung], hang: true}\n"
	runAssertions(t, head, []assertion{
		{"commands are call-outs", "config: {redis: [get, 'k:1']}\nrequest: {}\ncallouts: [{service: 'redis.static:6379', command: [GET, '~^k']}]", nil},
		{"another command", "config: {redis: [get, 'k:1']}\nrequest: {}\ncallouts: [{service: 'redis.static:6379', command: [GET, 'k:2']}]", []string{"callouts[0].command"}},
		{"a delayed list", "config: {redis: [GET, slow]}\nrequest: {}\nresponse: {statusCode: 200}", nil},
		{"an error reply is a reply", "config: {redis: [GET, broken]}\nrequest: {}\nresponse: {statusCode: 200}", nil},
		{"a connection that closes", "config: {redis: [GET, gone]}\nrequest: {}\nresponse: {statusCode: 503}", nil},
		{"no reply", "config: {redis: [GET, hung]}\nrequest: {}\ntimeout: 100ms\nresponse: {statusCode: 200}", []string{"response"}},
		{"a command without an answer", "config: {redis: [DEL, k]}\nrequest: {}\nresponse: {statusCode: 200}", []string{"services"}},
		{"commands of the connection are accepted", "config: {redis: [AUTH, x]}\nrequest: {}\nresponse: {statusCode: 200}\ncallouts: []", nil},
	}, RunOptions{}, nil)
}

func TestRepliesAreShownAsACaseWouldExpectThem(t *testing.T) {
	assert.Equal(t, `[1, "a", null, error "ERR x"]`, replyText(resp.ArrayValue([]resp.Value{
		resp.IntegerValue(1), resp.StringValue("a"), resp.NullValue(), resp.ErrorValue(errors.New("ERR x")),
	})))
}
