package cases

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"strings"

	"github.com/tidwall/resp"
)

// redisClient is a connection to the engine's Redis.
type redisClient struct {
	conn   net.Conn
	reader *resp.Reader
	writer *resp.Writer
}

func dialRedis(ctx context.Context, address string) (*redisClient, error) {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("redis: %w", err)
	}
	if deadline, ok := ctx.Deadline(); ok {
		conn.SetDeadline(deadline)
	}
	return &redisClient{conn, resp.NewReader(conn), resp.NewWriter(conn)}, nil
}

func (c *redisClient) close() { c.conn.Close() }

// do sends a command and returns the reply; an error reply is a reply.
func (c *redisClient) do(words ...string) (resp.Value, error) {
	args := make([]any, len(words)-1)
	for i, word := range words[1:] {
		args[i] = word
	}
	if err := c.writer.WriteMultiBulk(words[0], args...); err != nil {
		return resp.Value{}, fmt.Errorf("redis %s: %w", words[0], err)
	}
	reply, _, err := c.reader.ReadValue()
	if err != nil {
		return resp.Value{}, fmt.Errorf("redis %s: %w", words[0], err)
	}
	return reply, nil
}

// emptyRedis makes the database ready for a case: emptied where it is private, else only looked at.
func emptyRedis(ctx context.Context, address string, private bool) error {
	if address == "" {
		return fmt.Errorf("the engine has no Redis")
	}
	c, err := dialRedis(ctx, address)
	if err != nil {
		return err
	}
	defer c.close()
	command := "DBSIZE"
	if private {
		command = "FLUSHDB"
	}
	reply, err := c.do(command)
	if err != nil {
		return err
	}
	if reply.Type() == resp.Error {
		return fmt.Errorf("redis %s: %s", command, reply)
	}
	if !private && reply.Integer() > 0 {
		return fmt.Errorf("redis at %s holds %d keys: the cases need a database of their own, which they may empty", address, reply.Integer())
	}
	return nil
}

// replyProblem checks an expected reply.
func replyProblem(expected any) string {
	if bounds, ok := expected.(map[string]any); ok {
		for name, value := range bounds {
			if _, integer := value.(int64); !integer || name != "atLeast" && name != "atMost" {
				return "must be a text, an integer, null, a list, or an object of the integers atLeast and atMost"
			}
		}
		return ""
	}
	if _, err := redisValue(expected); err != nil {
		return err.Error()
	}
	return patternProblem(expected)
}

// replyMatches compares a reply. A pattern is matched with the text of an integer as well; bounds also with a bulk string
// that is a number.
func replyMatches(expected any, reply resp.Value) bool {
	text := reply.Type() == resp.SimpleString || reply.Type() == resp.BulkString && !reply.IsNull() || reply.Type() == resp.Error
	switch want := expected.(type) {
	case nil:
		return reply.IsNull()
	case string:
		return (text || reply.Type() == resp.Integer && strings.HasPrefix(want, "~")) && matchText(want, reply.String())
	case int64:
		return reply.Type() == resp.Integer && int64(reply.Integer()) == want
	case []any:
		items := reply.Array()
		if reply.Type() != resp.Array || len(items) != len(want) {
			return false
		}
		for i := range want {
			if !replyMatches(want[i], items[i]) {
				return false
			}
		}
		return true
	case map[string]any:
		n, err := strconv.ParseInt(reply.String(), 10, 64)
		low, bounded := want["atLeast"].(int64)
		high, capped := want["atMost"].(int64)
		return err == nil && (!bounded || n >= low) && (!capped || n <= high)
	}
	return false
}

// replyText shows a reply the way a case would expect it.
func replyText(reply resp.Value) string {
	switch {
	case reply.IsNull():
		return "null"
	case reply.Type() == resp.Integer:
		return strconv.Itoa(reply.Integer())
	case reply.Type() == resp.Error:
		return "error " + strconv.Quote(reply.String())
	case reply.Type() == resp.Array:
		var items []string
		for _, item := range reply.Array() {
			items = append(items, replyText(item))
		}
		return "[" + strings.Join(items, ", ") + "]"
	}
	return strconv.Quote(reply.String())
}
