package body

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestMediaRanges(t *testing.T) {
	for text, in := range map[string][2][]string{
		"text/html": {{"text/html"}, {"text/htmlx", "text/", "text/plain"}},
		"Image/*":   {{"image/png", "image/svg+xml"}, {"images/png", "text/image/png"}},
	} {
		r, ok := ParseMediaRange(text)
		assert.True(t, ok, text)
		for _, media := range in[0] {
			assert.True(t, r.Contains(media), "%s %s", text, media)
		}
		for _, media := range in[1] {
			assert.False(t, r.Contains(media), "%s %s", text, media)
		}
	}
	for _, text := range []string{"", "text", "/html", "text/", "*/*", "*/html", "text/html;q=1", "text/html, image/png", "a/b/c", "application/x-*", "te xt/html"} {
		_, ok := ParseMediaRange(text)
		assert.False(t, ok, text)
	}
}
