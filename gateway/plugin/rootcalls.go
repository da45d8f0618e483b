package plugin

import (
	"fmt"
	"strings"
	"time"

	"github.com/wasmplane/wasmplane/gateway/abi"
	"github.com/wasmplane/wasmplane/gateway/header"
)

// Tokens of call-outs carry their kind in the low two bits.
const (
	tokenShift    = 2
	redisTokenTag = 3
)

// HTTPCall implements abi.RootContext. Headers that the gateway puts on every call-out (x-envoy-internal and others) are
// the business of Callouts.
func (r *rootContext) HTTPCall(call abi.HTTPCall) (uint32, abi.Status) {
	callouts := r.worker().callouts
	headers := header.New(call.Headers...)
	if call.Timeout < 0 || !callouts.HasCluster(call.Cluster) ||
		!headers.Has(":path") || !headers.Has(":method") || !headers.Has(":authority") {
		return 0, abi.BadArgument
	}
	token := (r.machine.lastHTTP + 1) << tokenShift
	timeout := time.Duration(call.Timeout) * time.Millisecond
	cancel, err := callouts.HTTPCall(call.Cluster, headers.Pairs(), call.Body, timeout,
		func(headers [][2]string, body []byte, trailers [][2]string) {
			r.httpAnswer(token, headers, body, trailers)
		})
	if err != nil {
		r.host().log(abi.LogDebug, r.plugin.logPrefix, fmt.Sprintf("http call to %s: %v", call.Cluster, err))
		return 0, abi.InternalFailure
	}
	r.machine.lastHTTP++
	r.calls[token] = cancel
	return token, abi.OK
}

// httpAnswer runs on the worker's loop. Nil headers say that the stream was reset.
func (r *rootContext) httpAnswer(token uint32, headers [][2]string, body []byte, trailers [][2]string) {
	if _, awaited := r.calls[token]; !awaited || !r.sound() {
		return
	}
	delete(r.calls, token)
	var answer abi.HTTPCallResponse
	if headers != nil {
		answer = abi.HTTPCallResponse{Headers: header.New(headers...), Body: body}
		if len(trailers) > 0 {
			answer.Trailers = header.New(trailers...)
		}
	}
	_ = r.machine.vm.OnHTTPCallResponse(r.id, token, answer) // a trap was logged when the VM failed
}

// RedisInit implements abi.RootContext.
func (r *rootContext) RedisInit(cluster, user, password string, timeout time.Duration) abi.Status {
	if !r.hasRedisCluster(cluster) {
		return abi.BadArgument
	}
	if err := r.worker().callouts.RedisInit(cluster, user, password, timeout); err != nil {
		r.host().log(abi.LogWarn, r.plugin.logPrefix, fmt.Sprintf("redis init of %s: %v", cluster, err))
		return abi.BadArgument
	}
	return abi.OK
}

// RedisCall implements abi.RootContext.
func (r *rootContext) RedisCall(cluster string, query []byte) (uint32, abi.Status) {
	if !r.hasRedisCluster(cluster) {
		return 0, abi.BadArgument
	}
	token := (r.machine.lastRedis+1)<<tokenShift | redisTokenTag
	err := r.worker().callouts.RedisCall(cluster, query, func(ok bool, reply []byte) { r.redisAnswer(token, ok, reply) })
	if err != nil {
		r.host().log(abi.LogDebug, r.plugin.logPrefix, fmt.Sprintf("redis call to %s: %v", cluster, err))
		return 0, abi.InternalFailure
	}
	r.machine.lastRedis++
	r.calls[token] = func() {} // a Redis call cannot be cancelled: its answer is dropped
	return token, abi.OK
}

func (r *rootContext) redisAnswer(token uint32, ok bool, reply []byte) {
	if _, awaited := r.calls[token]; !awaited || !r.sound() {
		return
	}
	delete(r.calls, token)
	_ = r.machine.vm.OnRedisCallResponse(r.id, token, ok, reply) // a trap was logged when the VM failed
}

// hasRedisCluster looks at the part of a Redis cluster argument that names the cluster.
func (r *rootContext) hasRedisCluster(argument string) bool {
	name, _, _ := strings.Cut(argument, "?")
	return r.worker().callouts.HasCluster(name)
}
