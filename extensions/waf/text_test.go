package main

import (
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestIgnoredDirectives(t *testing.T) {
	tests := map[string][2]string{
		"alone":                {"SecRequestBodyInMemoryLimit 1", ""},
		"in any case":          {"  secAuditLog /dev/stdout\nSecRuleEngine On", "SecRuleEngine On\n"},
		"over two lines":       {"SecDebugLog \\\n  /x\nSecRuleEngine On", "SecRuleEngine On\n"},
		"a line of a rule":     {"SecRule ARGS \\\nsecdebuglog \\\n\"id:1\"", "SecRule ARGS \\\nsecdebuglog \\\n\"id:1\"\n"},
		"a line of a data set": {"SecDataset d `\nSecAuditLog x\n`\nSecAuditLog x", "SecDataset d `\nSecAuditLog x\n`\n"},
		"a comment in between": {"SecDebugLog \\\n# comment \\\n x\nSecAction", "SecAction\n"},
		"others":               {"SecAuditEngine On", "SecAuditEngine On\n"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) { assert.Equal(t, tt[1], withoutIgnored(tt[0])) })
	}
}

func TestXML(t *testing.T) {
	tests := map[string]struct {
		body              string
		attributes, texts []string
		fails             bool
	}{
		"well-formed":          {`<a b="c">d<e/>f</a>`, []string{"c"}, []string{"d", "f"}, false},
		"names of HTML":        {`<a>&eacute;</a>`, nil, []string{"é"}, false},
		"Latin-1":              {"<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><a>caf\xe9</a>", nil, []string{"café"}, false},
		"text alone":           {`hello`, nil, []string{"hello"}, true},
		"nothing":              {``, nil, nil, true},
		"an open element":      {`<a>d`, nil, []string{"d"}, true},
		"crossed elements":     {`<a>d<b></a></b>`, nil, []string{"d"}, true},
		"an unknown encoding":  {`<?xml version="1.0" encoding="EBCDIC"?><a>d</a>`, nil, nil, true},
		"an entity of its own": {`<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>`, nil, nil, true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			attributes, texts, err := readXML([]byte(tt.body), true)
			assert.Equal(t, tt.attributes, attributes)
			assert.Equal(t, tt.texts, texts)
			assert.Equal(t, tt.fails, err != nil, err)
		})
	}
}

func TestSingleByteReaderSplitsNoCharacter(t *testing.T) {
	reader, err := charsetReader("latin1", strings.NewReader("a\xe9\xff"))
	require.NoError(t, err)
	var got []byte
	for one := make([]byte, 1); ; {
		n, err := reader.Read(one)
		got = append(got, one[:n]...)
		if err == io.EOF {
			break
		}
		require.NoError(t, err)
	}
	assert.Equal(t, "aéÿ", string(got))
}

func TestAddresses(t *testing.T) {
	for text, want := range map[string]struct {
		address string
		port    int
	}{
		"192.0.2.1:80":          {"192.0.2.1", 80},
		"192.0.2.1":             {"192.0.2.1", 0},
		"[::ffff:192.0.2.1]:80": {"192.0.2.1", 80},
		"[2001:db8::1]:443":     {"2001:db8::1", 443},
		"2001:db8::1":           {"2001:db8::1", 0},
		"unix:/run/x":           {"unix:/run/x", 0},
		"":                      {"", 0},
	} {
		address, port := splitAddress(text)
		assert.Equal(t, want.address, address, text)
		assert.Equal(t, want.port, port, text)
	}
	for authority, want := range map[string]string{"shop.test": "shop.test", "shop.test:80": "shop.test", "[::1]": "[::1]",
		"[::1]:80": "[::1]", "shop.test:x": "shop.test:x", "": ""} {
		assert.Equal(t, want, withoutPort(authority))
	}
}

func TestContentLength(t *testing.T) {
	tests := map[string]struct {
		headers [][2]string
		length  int64
		known   bool
	}{
		"none":         {nil, 0, false},
		"one":          {[][2]string{{"content-length", "12"}}, 12, true},
		"no number":    {[][2]string{{"content-length", "1x"}}, 0, false},
		"negative":     {[][2]string{{"content-length", "-1"}}, 0, false},
		"two":          {[][2]string{{"content-length", "1"}, {"content-length", "1"}}, 0, false},
		"beyond int64": {[][2]string{{"content-length", "99999999999999999999"}}, 0, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			length, known := contentLength(tt.headers)
			assert.Equal(t, tt.length, length)
			assert.Equal(t, tt.known, known)
		})
	}
}

func TestStreams(t *testing.T) {
	for contentType, want := range map[string]bool{"text/event-stream": true, "Text/Event-Stream; charset=utf-8": true,
		"application/grpc": true, "application/grpc+proto": true, "text/plain": false, "": false} {
		assert.Equal(t, want, streams(contentType), contentType)
	}
}

func FuzzXML(f *testing.F) {
	for _, seed := range []string{`<a b="c">d<e/>f</a>`, `<a>`, "<?xml version=\"1.0\" encoding=\"latin1\"?><a>\xe9</a>", `<!DOCTYPE a><a/>`, ""} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		_, strict, err := readXML(body, true)
		_, lenient, _ := readXML(body, false)
		if err == nil && len(lenient) < len(strict) {
			t.Errorf("read leniently, %q has less text than read strictly", body)
		}
	})
}
