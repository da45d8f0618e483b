package server

import (
	"bufio"
	"fmt"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// redisDo sends a command line and returns the reply's first lines.
func redisDo(t *testing.T, address, command string, lines int) []string {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	require.NoError(t, err)
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(patience))
	words := strings.Fields(command)
	fmt.Fprintf(conn, "*%d\r\n", len(words))
	for _, word := range words {
		fmt.Fprintf(conn, "$%d\r\n%s\r\n", len(word), word)
	}
	reader := bufio.NewReader(conn)
	var reply []string
	for range lines {
		line, err := reader.ReadString('\n')
		require.NoError(t, err)
		reply = append(reply, strings.TrimSpace(line))
	}
	return reply
}

func TestKeysOfTheEmbeddedRedisExpireInRealTime(t *testing.T) {
	f := start(t, Config{})
	begin := time.Now()
	require.Equal(t, []string{"+OK"}, redisDo(t, f.RedisAddr(), "SET k v PX 300", 1))
	require.Equal(t, []string{"$1", "v"}, redisDo(t, f.RedisAddr(), "GET k", 2))
	ttl, err := strconv.Atoi(strings.TrimPrefix(redisDo(t, f.RedisAddr(), "PTTL k", 1)[0], ":"))
	require.NoError(t, err)
	assert.True(t, 0 < ttl && ttl <= 300, "PTTL is %d", ttl)
	eventually(t, "the key expires", func() bool { return redisDo(t, f.RedisAddr(), "EXISTS k", 1)[0] == ":0" })
	assert.GreaterOrEqual(t, time.Since(begin), 250*time.Millisecond)

	at := redisDo(t, f.RedisAddr(), "TIME", 5) // *2 $10 seconds $n microseconds
	seconds, err := strconv.ParseInt(at[2], 10, 64)
	require.NoError(t, err)
	assert.InDelta(t, time.Now().Unix(), seconds, 2)
	eventually(t, "time goes on", func() bool {
		now := redisDo(t, f.RedisAddr(), "TIME", 5)
		return now[2] != at[2] || now[4] != at[4]
	})
}

func TestServicesThatExistWithoutAManifest(t *testing.T) {
	f := start(t, Config{Services: map[string]string{"cache.dns:6380": "redis", "auth.static:8080": "echo"}},
		services("up", "http", backend(t, marked)), route("r", "/", "up.static:80"), wasmPlugin("a", `{name: a}`))
	assert.Equal(t, `a 0 "+OK\r\n"`, f.get("/", "x-a", "redis outbound|6379||redis.static SET k v").body)
	assert.Equal(t, `a 0 "$1\r\nv\r\n"`, f.get("/", "x-a", "redis outbound|6380||cache.dns GET k").body)
	assert.Equal(t, "a 200", f.get("/", "x-a", "call outbound|80||echo.static /").body)
	assert.Equal(t, "a 200", f.get("/", "x-a", "call outbound|8080||auth.static /").body)
}

func TestAnotherRedisTakesTheEmbeddedOnesPlace(t *testing.T) {
	other := miniredis.RunT(t)
	f := start(t, Config{Redis: other.Addr()}, services("up", "http", backend(t, marked)), route("r", "/", "up.static:80"), wasmPlugin("a", `{name: a}`))
	assert.Equal(t, other.Addr(), f.RedisAddr())
	assert.Equal(t, `a 0 "+OK\r\n"`, f.get("/", "x-a", "redis outbound|6379||redis.static SET k v").body)
	got, err := other.Get("k")
	require.NoError(t, err)
	assert.Equal(t, "v", got)
}
