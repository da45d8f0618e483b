package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/tidwall/gjson"
)

func injectionOf(t testing.TB, config string) (*injection, []*rule) {
	t.Helper()
	var c Config
	assert.NoError(t, parser(nil)(gjson.Parse(config), &c))
	var rules []*rule
	if c.injection.global != nil {
		for _, f := range c.injection.global.features {
			rules = append(rules, f.rule)
		}
	}
	return &c.injection, rules
}

func TestPlacesOfAPage(t *testing.T) {
	const body = "<head></head><body><HEAD></HEAD><body ></body></head>"
	tests := []struct{ name, config, want string }{
		{"head", `{"injection": {"head": ["a", "b"]}}`, "<head>a\nb\n</head><body>\n<HEAD></HEAD><body >\n</body>a\nb\n</head>"},
		{"body", `{"injection": {"body": {"first": "f", "last": ["l"]}}}`, "<head>\n</head><body>\nf<HEAD></HEAD><body >l\n</body>\n</head>"},
		{"text with tags is put in once", `{"injection": {"head": ["<body>"], "body": {"first": ["</head>"]}}}`,
			"<head><body>\n</head><body>\n</head><HEAD></HEAD><body >\n</body><body>\n</head>"},
		{"nothing", `{"injection": {"head": [], "body": {"first": []}}}`, body},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			i, _ := injectionOf(t, tt.config)
			assert.Equal(t, tt.want, string(newPage(i, "", "v", i.any).next([]byte(body), true)))
		})
	}
}

func TestTheScriptFromTheLocalStorage(t *testing.T) {
	i, _ := injectionOf(t, `{"localStorageGrayKey": "a\"</script>", "injection": {"body": {"first": ["f"]}}}`)
	page := string(newPage(i, "", "v", i.any).next([]byte("<body>"), true))
	assert.True(t, strings.HasPrefix(page, "<body>\n<script>"), page)
	assert.True(t, strings.HasSuffix(page, "</script>\nf"), page)
	assert.Equal(t, 1, strings.Count(page, "</script>"), "the key does not end the script")
	assert.Contains(t, page, `var key = "a\"\u003c/script\u003e"`)
}

func TestResultsOfRules(t *testing.T) {
	config := `{"grayKey": "uid", "injection": {"globalConfig": {"enabled": true, "value": " {a: {b: 1}} "}}, "rules": [
		{"name": "user", "grayKeyValue": ["a"], "grayTagKey": "t", "grayTagValue": ["1"]},
		{"name": "tag", "grayTagKey": "t", "grayTagValue": ["1"]},
		{"name": "condition", "grayKeyValue": ["z"], "conditions": [{"headers": {"x": []}}]},
		{"name": "none"}, {"name": "</script>"}, {"name": "tag"}]}`
	tests := []struct {
		name, want string
		user       string
		headers    [][2]string
	}{
		{"nobody", `{"\u003c/script\u003e":false,"condition":false,"none":false,"tag":false,"user":false}`, "", nil},
		{"the user, whose tag does not count", `{"\u003c/script\u003e":false,"condition":false,"none":false,"tag":true,"user":false}`, "b", [][2]string{{"cookie", "t=1"}}},
		{"the tag of nobody", `{"\u003c/script\u003e":false,"condition":false,"none":false,"tag":true,"user":true}`, "", [][2]string{{"cookie", "t=1"}}},
		{"a listed user and a condition", `{"\u003c/script\u003e":false,"condition":true,"none":false,"tag":false,"user":true}`, "a", [][2]string{{"x", ""}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			i, _ := injectionOf(t, config)
			assert.Equal(t, "<script>var HIGRESS_CONSOLE_CONFIG = {\nFEATURE_STATUS:"+tt.want+",\n a: {b: 1} \n}\n</script>",
				i.global.script(&visit{user: tt.user, headers: tt.headers}))
		})
	}
}

// FuzzPage compares what comes of a page in three pieces with what comes of it as a whole, and both with plain replacing.
func FuzzPage(f *testing.F) {
	for _, seed := range []string{"<head></head><body>{version}</body>", "<<body>{{version}}</bodY>", "</he", "<body", "{versio</head>n}", "", "<body></head></body>"} {
		f.Add(seed, uint(3), uint(9))
	}
	i := &injection{head: "H", first: "F", last: "L", any: true}
	plain := strings.NewReplacer("</head>", "H\n</head>", "<body>", "<body>\nF", "</body>", "L\n</body>", "{version}", "v1")
	f.Fuzz(func(t *testing.T, text string, a, b uint) {
		want := plain.Replace(text)
		if got := string(newPage(i, "", "v1", true).next([]byte(text), true)); got != want {
			t.Fatalf("%q becomes %q, not %q", text, got, want)
		}
		x, y := int(a%uint(len(text)+1)), int(b%uint(len(text)+1))
		x, y = min(x, y), max(x, y)
		p := newPage(i, "", "v1", true)
		got := ""
		for n, piece := range []string{text[:x], text[x:y], text[y:]} {
			got += string(p.next([]byte(piece), n == 2))
			if len(p.held) >= len(placeholder) {
				t.Fatalf("%q is held", p.held)
			}
		}
		if got != want {
			t.Fatalf("%q in pieces becomes %q, not %q", text, got, want)
		}
	})
}
