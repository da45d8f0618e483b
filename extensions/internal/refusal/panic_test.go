package refusal

import (
	"io"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestPanicText(t *testing.T) {
	assert.Equal(t, "recovered from panic EOF", PanicText(io.EOF))
	assert.Equal(t, "recovered from panic no clock", PanicText("no clock"))
	assert.Equal(t, "recovered from a panic", PanicText(struct{ secret string }{"s3cr3t"}))
}
