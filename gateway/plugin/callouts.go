package plugin

import "time"

// Callouts is what a plugin's VM reaches beyond its own stream: one value per worker. done functions are posted to the
// worker's event loop, never called before the method returned. Nothing here blocks.
type Callouts interface {
	// HasCluster reports whether the worker knows the cluster.
	HasCluster(name string) bool
	// HTTPCall sends one request and collects the whole answer. headers hold :method, :path and :authority. A timeout
	// of 0 means none; when it fires, and when no connection can be had, the answer is an ordinary 504 or 503 with
	// Envoy's text. done gets nil headers after a reset in the middle of the answer or an answer over 32 MiB. An error
	// means that the call was refused at once and done is never called. cancel drops the call without calling done.
	HTTPCall(cluster string, headers [][2]string, body []byte, timeout time.Duration,
		done func(headers [][2]string, body []byte, trailers [][2]string)) (cancel func(), err error)
	// RedisInit sets user, password and timeout of this worker's client for the cluster; the cluster may carry a query
	// (?db=N&buffer_flush_timeout=ms&max_buffer_size_before_flush=bytes). It closes existing connections if anything changed.
	RedisInit(cluster, user, password string, timeout time.Duration) error
	// RedisCall sends one command as RESP and hands the reply's RESP bytes to done; ok is false after a network
	// failure or a timeout. An error means that the call was refused at once and done is never called.
	RedisCall(cluster string, query []byte, done func(ok bool, reply []byte)) error
	// UpstreamHosts lists the endpoints of a cluster as "ip:port" and an info text.
	UpstreamHosts(cluster string) [][2]string
}
