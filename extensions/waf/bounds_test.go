package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestParts(t *testing.T) {
	part := func(disposition, value string) string {
		return "--q\r\ncontent-disposition: form-data; " + disposition + "\r\n\r\n" + value + "\r\n"
	}
	three := part(`name="a"`, "x") + part(`name="b"`, "y") + part(`name="c"`, "z") + "--q--\r\n"
	tests := map[string]struct {
		body   string
		limits partLimits
		end    int
		over   excess
	}{
		"as many as are allowed":       {three, partLimits{parts: 3}, len(three), nothing},
		"one too many":                 {three, partLimits{parts: 2}, strings.LastIndex(three, "--q\r\n") + 5, tooManyParts},
		"behind a preamble":            {"hello\r\n" + three, partLimits{parts: 2}, 7 + strings.LastIndex(three, "--q\r\n") + 5, tooManyParts},
		"with line feeds alone":        {"--q\n\nx\n--q\n\ny\n--q--", partLimits{parts: 1}, 11, tooManyParts},
		"spaces behind the boundary":   {"--q \t\r\n\r\nx\r\n--q \r\n\r\ny", partLimits{parts: 1}, 18, tooManyParts},
		"without a body":               {"--q\r\n\r\n--q\r\n\r\n--q--\r\n", partLimits{parts: 1}, 12, tooManyParts},
		"behind the last":              {"--q--\r\n--q\r\n\r\n--q\r\n\r\n", partLimits{parts: 1}, 19, tooManyParts},
		"what only begins like one":    {"--q\r\n\r\n--qq\r\n--q-\r\n--q", partLimits{parts: 1}, 22, nothing},
		"within headers":               {"--q\r\n--q\r\n--q\r\n\r\nx", partLimits{parts: 1}, 18, nothing},
		"no part at all":               {"hello", partLimits{parts: 0}, 5, nothing},
		"nothing":                      {"", partLimits{parts: 0}, 0, nothing},
		"a long name":                  {part(`name="a"; filename="`+strings.Repeat("n", 300)+`"`, "x"), partLimits{3, 200}, 5, tooLongHeaders},
		"a long name, no bound":        {part(`name="a"; filename="`+strings.Repeat("n", 300)+`"`, "x"), partLimits{3, 0}, 365, nothing},
		"names that are long together": {strings.Repeat(part(`name="`+strings.Repeat("n", 100)+`"`, "x"), 20), partLimits{30, 200}, 13*151 + 5, tooLongHeaders},
		"short names, and many":        {strings.Repeat(part(`name="a"; filename="a.txt"`, "x"), 20), partLimits{30, 1}, 20 * 70, nothing},
		"a name that does not end":     {"--q\r\ncontent-disposition: " + strings.Repeat("n", 300), partLimits{3, 100}, 5, tooLongHeaders},
		"many lines":                   {"--q\r\n" + strings.Repeat("a:b\r\n", 17) + "\r\nx", partLimits{3, 1 << 20}, 5, tooLongHeaders},
		"as many lines as are allowed": {"--q\r\n" + strings.Repeat("a:b\r\n", 16) + "\r\nx", partLimits{3, 1 << 20}, 88, nothing},
		"long values are no headers":   {part(`name="a"`, strings.Repeat("x\r\n", 1000)), partLimits{3, 1}, 3051, nothing},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			end, over := tt.limits.within([]byte(tt.body), "q")
			assert.Equal(t, tt.over, over)
			assert.Equal(t, tt.end, end)
		})
	}
}

// many joins numbered texts.
func many(n int, format, separator string) string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf(format, i)
	}
	return strings.Join(list, separator)
}

func TestWhatIsTooMuchIsRefused(t *testing.T) {
	const multipart = "content-type: multipart/form-data; boundary=q"
	part := func(disposition string) string {
		return "--q\r\ncontent-disposition: form-data; " + disposition + "\r\n\r\nx\r\n"
	}
	cookies := func(n int) string { return "cookie: " + many(n, "a%d=b", "; ") }
	tests := map[string]struct {
		config string // "": the Core Rule Set
		path   string
		header []string
		body   string
		status int // 0: passes
		rule   int
	}{
		"as many cookies as a browser has": {header: []string{cookies(200)}},
		"a cookie too many":                {header: []string{cookies(201)}, status: 403, rule: cookiesRule},
		"cookies in several headers":       {header: []string{cookies(101), "cookie: " + many(100, "b%d=c", "; ")}, status: 403, rule: cookiesRule},
		"another bound of cookies":         {config: `{"useCRS": true, "max_cookies": 1}`, header: []string{cookies(2)}, status: 403, rule: cookiesRule},
		"no bound of cookies":              {config: `{"useCRS": true, "max_cookies": 0}`, header: []string{cookies(201)}},
		"long cookies": {config: `{"useCRS": true, "max_argument_bytes": 100}`, header: []string{"cookie: a=" + strings.Repeat("x", 60), "cookie: b=" + strings.Repeat("x", 60)},
			status: 403, rule: cookieBytesRule},
		"a long path":        {config: `{"useCRS": true, "max_argument_bytes": 100}`, path: "/" + strings.Repeat("a/", 60), status: 403, rule: pathBytesRule},
		"a path in bounds":   {path: "/" + strings.Repeat("a/", 60)},
		"as many parts":      {header: []string{multipart}, body: strings.Repeat(part(`name="a"`), 1000) + "--q--\r\n"},
		"a part too many":    {header: []string{multipart}, body: strings.Repeat(part(`name="a"`), 1001) + "--q--\r\n", status: 400, rule: 200007},
		"a file too many":    {header: []string{multipart}, body: strings.Repeat(part(`name="a"; filename="b"`), 1001) + "--q--\r\n", status: 400, rule: 200007},
		"one's own limit":    {config: `{"useCRS": true, "secRules": ["SecArgumentsLimit 2"]}`, header: []string{multipart}, body: strings.Repeat(part(`name="a"`), 3) + "--q--\r\n", status: 400, rule: 200007},
		"a long file name":   {header: []string{multipart}, body: part(`name="a"; filename="`+strings.Repeat("x", 65<<10)+`"`) + "--q--\r\n", status: 403, rule: partBytesRule},
		"the last file name": {header: []string{multipart}, body: part(`name="a"`) + part(`name="a"; filename="`+strings.Repeat("x", 65<<10)+`"`) + "--q--\r\n", status: 403, rule: partBytesRule},
		"texts of XML":       {header: []string{"content-type: text/xml"}, body: "<a>" + strings.Repeat("<b>x</b>", 1001) + "</a>", status: 400, rule: 200007},
		"tags of XML":        {header: []string{"content-type: text/xml"}, body: strings.Repeat("<a>", 16001) + strings.Repeat("</a>", 16001), status: 400, rule: 200002},
		"attributes of XML":  {header: []string{"content-type: text/xml"}, body: "<a " + strings.Repeat("b='' ", 67000) + "/>", status: 400, rule: 200002},
		"as many tags":       {header: []string{"content-type: text/xml"}, body: strings.Repeat("<a>", 16000) + strings.Repeat("</a>", 16000)},
		"as many texts":      {header: []string{"content-type: text/xml"}, body: "<a>" + strings.Repeat("<b>x</b>", 1000) + "</a>"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if tt.config == "" {
				tt.config = `{"useCRS": true}`
			}
			if tt.path == "" {
				tt.path = "/"
			}
			method := "GET"
			if tt.body != "" {
				method = "POST"
			}
			s, it := examine(t, tt.config, headers(method, tt.path, tt.header...), tt.body)
			if tt.status == 0 {
				assert.Nil(t, it)
				assert.Empty(t, s.rules())
				return
			}
			if assert.NotNil(t, it) {
				assert.Equal(t, tt.status, it.Status)
				assert.Equal(t, tt.rule, it.RuleID)
				assert.Equal(t, []int{tt.rule}, s.rules(), "no rule looks at it")
			}
		})
	}
}

func TestWhatIsTooMuchIsNotExaminedInDetection(t *testing.T) {
	const attack = "/?id=1%27%20or%20%271%27=%271"
	config := `{"useCRS": true, "detection_only": true}`
	s, it := examine(t, config, headers("GET", attack), "")
	assert.Nil(t, it)
	assert.Greater(t, len(s.rules()), 1, "the rules look at what is in bounds")
	s, it = examine(t, config, headers("GET", attack, "cookie: "+many(201, "a%d=b", "; ")), "")
	assert.Nil(t, it)
	assert.Equal(t, []int{cookiesRule}, s.rules(), "in neither phase")
}

func TestWithoutTheCoreRuleSetThereAreNoBounds(t *testing.T) {
	config := `{"secRules": ["Include @recommended-conf", "SecRuleEngine On", "SecRule FILES \"@contains evil\" \"id:1,phase:2,deny\""]}`
	file := "--q\r\ncontent-disposition: form-data; name=\"a\"; filename=\"" + strings.Repeat("x", 65<<10) + "%s\"\r\n\r\nx\r\n--q--\r\n"
	request := headers("POST", "/", "content-type: multipart/form-data; boundary=q", "cookie: "+many(201, "a%d=b", "; "))
	_, it := examine(t, config, request, fmt.Sprintf(file, ""))
	assert.Nil(t, it)
	_, it = examine(t, config, request, fmt.Sprintf(file, "evil"))
	if assert.NotNil(t, it) {
		assert.Equal(t, 1, it.RuleID)
	}
}

func TestBodiesWithoutAProcessorAreExaminedAsTheyAre(t *testing.T) {
	recommended := `{"secRules": ["Include @recommended-conf", "SecRuleEngine On", "SecRule REQUEST_BODY \"@contains evil\" \"id:1,phase:2,deny\"",
		"SecRule ARGS \"@contains arg\" \"id:2,phase:2,deny,status:406\""]}`
	forced := strings.Replace(recommended, `"SecRule `, `"SecAction \"id:3,phase:1,pass,nolog,ctl:forceRequestBodyVariable=On\"", "SecRule `, 1)
	for _, contentType := range []string{"", "text/plain", "application/octet-stream", "application/grpc", "multipart/mixed; boundary=q"} {
		t.Run(contentType, func(t *testing.T) {
			var lines []string
			if contentType != "" {
				lines = []string{"content-type: " + contentType}
			}
			_, it := examine(t, recommended, headers("POST", "/", lines...), "\x00an evil body")
			if assert.NotNil(t, it) {
				assert.Equal(t, 1, it.RuleID)
			}
			_, it = examine(t, recommended, headers("POST", "/", lines...), "a=arg")
			assert.Nil(t, it, "it is no form")
			_, it = examine(t, forced, headers("POST", "/", lines...), "a=arg")
			if assert.NotNil(t, it, "but where a rule says so") {
				assert.Equal(t, 2, it.RuleID)
			}
		})
	}
}

func FuzzParts(f *testing.F) {
	for _, seed := range []string{"--q\r\na: b\r\n\r\nx\r\n--q--\r\n", "--q\n--q\n\n--q", "\n--q \n\n\n--q\n", "--q"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		limits := partLimits{parts: 1, headerBytes: 8}
		end, over := limits.within(body, "q")
		if end < 0 || end > len(body) || over == nothing && end != len(body) {
			t.Fatalf("%q: %d, %d", body, end, over)
		}
		if over == nothing {
			return
		}
		// What is left is in the bounds, and the rest is not read as headers.
		if again, _ := limits.within(body[:end], "q"); again != end {
			t.Errorf("%q: cut at %d, then at %d", body, end, again)
		}
	})
}
