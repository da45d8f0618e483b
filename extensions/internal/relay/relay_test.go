package relay

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestEndToEnd(t *testing.T) {
	assert.Equal(t,
		[][2]string{{"content-type", "a/b"}, {"set-cookie", "a=1"}, {"x-a", "1"}, {"set-cookie", "b=2"}},
		EndToEnd([][2]string{{":status", "200"}, {"content-type", "a/b"}, {"content-length", "3"}, {"set-cookie", "a=1"},
			{"connection", "close, X-Hop"}, {"x-a", "1"}, {"x-hop", "1"}, {"transfer-encoding", "chunked"}, {"keep-alive", "5"},
			{"trailer", "t"}, {"te", "trailers"}, {"upgrade", "h2c"}, {"set-cookie", "b=2"}}))
	assert.Empty(t, EndToEnd(nil))
}
