package body

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/tidwall/gjson"

	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

func TestObstacles(t *testing.T) {
	type headers = [][2]string
	request := func(pairs ...[2]string) Obstacle { return OfRequest(headers(pairs), true) }
	response := func(method, status string, pairs ...[2]string) Obstacle {
		return OfResponse(method, append(headers{{":status", status}}, pairs...), true)
	}
	ct := func(v string) [2]string { return [2]string{"content-type", v} }

	for name, test := range map[string]struct{ got, want Obstacle }{
		"a JSON request":                                      {request(ct("application/json; charset=utf-8")), ""},
		"a request without a content type":                    {request(), ""},
		"a request without a body":                            {OfRequest(nil, false), NoBody},
		"a websocket handshake":                               {request([2]string{":method", "GET"}, [2]string{"upgrade", "websocket"}), Upgrade},
		"an upgrade header on a POST":                         {request([2]string{":method", "POST"}, [2]string{"upgrade", "h2c"}), ""},
		"a POST that Envoy takes for a websocket's handshake": {request([2]string{":method", "POST"}, [2]string{"connection", "keep-alive, Upgrade"}, [2]string{"upgrade", "WebSocket"}), Upgrade},
		"the same, announcing a body":                         {request([2]string{":method", "POST"}, [2]string{"connection", "x"}, [2]string{"connection", "upgrade"}, [2]string{"content-length", "5"}, [2]string{"upgrade", "h2c, websocket"}), Upgrade},
		"websocket without connection":                        {request([2]string{":method", "POST"}, [2]string{"upgrade", "websocket"}), ""},
		"CONNECT":                                             {request([2]string{":method", "CONNECT"}), Upgrade},
		"gzip":                                                {request([2]string{"content-encoding", "gzip"}), Encoded},
		"identity":                                            {request([2]string{"content-encoding", "Identity"}), ""},
		"identity twice":                                      {request([2]string{"content-encoding", "identity"}, [2]string{"content-encoding", "identity"}), ""},
		"identity, then gzip":                                 {request([2]string{"content-encoding", "identity, gzip"}), Encoded},
		"a parameter that says grpc":                          {request(ct("application/json; profile=grpc")), ""},
		"a parameter that says octet-stream":                  {request(ct("application/json; x=octet-stream")), ""},
		"a boundary that says grpc":                           {request(ct("multipart/form-data; boundary=grpc")), ""},
		"identity in a response":                              {response("GET", "200", ct("application/json; profile=grpc"), [2]string{"content-encoding", "identity"}), ""},
		"capitals":                                            {request(ct("Application/Octet-Stream")), Binary},
		"octet-stream":                                        {request(ct("application/octet-stream")), Binary},
		"grpc":                                                {request(ct("application/grpc-web+proto")), Binary},
		"utf-16":                                              {request(ct(`text/plain; a=b; Charset="UTF-16"`)), Charset},
		"gbk":                                                 {request(ct("text/plain;charset=gbk")), Charset},
		"shift_jis":                                           {request(ct("text/plain;charset=Shift_JIS")), Charset},
		"latin 1":                                             {request(ct("text/plain;charset=ISO-8859-1")), ""},
		"no-transform":                                        {request([2]string{"cache-control", "no-store, No-Transform"}), NoTransform},

		"gzip and no-transform":         {request([2]string{"cache-control", "no-transform"}, [2]string{"content-encoding", "gzip"}), Encoded},
		"a response":                    {response("GET", "200", ct("text/html")), ""},
		"an event stream":               {response("GET", "200", ct("Text/Event-Stream;charset=utf-8")), EventStream},
		"an answer to HEAD":             {response("HEAD", "200"), NoBody},
		"204":                           {response("GET", "204"), NoBody},
		"304":                           {response("GET", "304"), NoBody},
		"206":                           {response("GET", "206"), Partial},
		"switching protocols":           {response("GET", "101"), Upgrade},
		"an established tunnel":         {response("CONNECT", "200"), Upgrade},
		"a response that ends at once":  {OfResponse("GET", headers{{":status", "200"}}, false), NoBody},
		"an encoded response":           {response("GET", "200", [2]string{"content-encoding", "br"}), Encoded},
		"an error page in an old japan": {response("GET", "500", ct("text/html; charset=iso-2022-jp")), Charset},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, test.want, test.got)
			assert.Equal(t, test.want == "" || test.want == NoTransform, test.got.Reads())
		})
	}
}

func TestEdited(t *testing.T) {
	headers := map[string][]string{"content-length": {"3"}, "digest": {"x"}, "repr-digest": {"x"}, "content-md5": {"x"}, "etag": {`"a"`, `W/"b"`}, "x": {"y"}}
	Edited(headers)
	assert.Equal(t, map[string][]string{"etag": {`W/"a"`, `W/"b"`}, "x": {"y"}}, headers)
}

func TestIsJSON(t *testing.T) {
	for contentType, want := range map[string]bool{
		"application/json": true, "Application/JSON;charset=utf-8": true, "application/problem+json": true, "text/json": true,
		"": false, "text/plain": false, "application/jsonl": false, "application/x-www-form-urlencoded": false,
	} {
		assert.Equal(t, want, IsJSON(contentType), contentType)
	}
}

func TestTheLastMemberCountsAndAllAreReplaced(t *testing.T) {
	for name, test := range map[string]struct{ json, path, last, replaced string }{
		"one":              {`{ "model" : "a" , "n":1.0}`, "model", `"a"`, `{ "model" : X , "n":1.0}`},
		"repeated":         {`{"model":"a","model":"b"}`, "model", `"b"`, `{"model":X,"model":X}`},
		"spelt in escapes": {`{"mod\u0065l":"a"}`, "model", `"a"`, `{"mod\u0065l":X}`},
		"nested":           {`{"a":{"b":1}}`, "a.b", `1`, `{"a":{"b":X}}`},
		"repeated parents": {`{"a":{"b":1},"a":{"b":2,"b":3}}`, "a.b", `3`, `{"a":{"b":X},"a":{"b":X,"b":X}}`},
		"a dot in a name":  {`{"a.b":1,"a":{"b":2}}`, `a\.b`, `1`, `{"a.b":X,"a":{"b":2}}`},
		"in a list":        {`[{"m":1},{"m":2}]`, "1.m", `2`, `[{"m":1},{"m":X}]`},
		"not there":        {`{"a":1}`, "b", ``, `{"a":1}`},
		"parent is text":   {`{"a":"b"}`, "a.b", ``, `{"a":"b"}`},
		"last parent lost": {`{"a":{"b":1},"a":2}`, "a.b", ``, `{"a":{"b":X},"a":2}`},
		"the whole":        {` {"a":1} `, "a", `1`, ` {"a":X} `},
	} {
		t.Run(name, func(t *testing.T) {
			path := ParsePath(test.path)
			assert.Equal(t, test.last, Last(test.json, path).Raw)
			assert.Equal(t, test.replaced, Replace(test.json, path, "X"))
		})
	}
}

func TestSetAddsWhatIsMissing(t *testing.T) {
	for name, test := range map[string]struct{ json, path, want string }{
		"there":         {`{"m":"a","m":"b"}`, "m", `{"m":"x","m":"x"}`},
		"missing":       {`{"n":[]}`, "m", `{"n":[],"m":"x"}`},
		"with parents":  {`{}`, "a.b", `{"a":{"b":"x"}}`},
		"a name's dot":  {`{}`, `a\.b`, `{"a.b":"x"}`},
		"a name's star": {`{}`, `a\*`, `{"a*":"x"}`},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Set(test.json, ParsePath(test.path), `"x"`)
			assert.NoError(t, err)
			assert.Equal(t, test.want, got)
		})
	}
}

func FuzzReplaceKeepsTheRest(f *testing.F) {
	f.Add(`{"a":1,"a":{"b":[1,2]}}`, "a")
	f.Add(`[{"a":"\u0061"}]`, "0.a")
	f.Fuzz(func(t *testing.T, json, path string) {
		if !gjson.Valid(json) {
			t.Skip()
		}
		p := ParsePath(path)
		edited := Replace(json, p, `"new"`)
		if !gjson.Valid(edited) {
			t.Fatalf("%q at %q became %q, which is not JSON", json, path, edited)
		}
		if Last(json, p).Exists() && Last(edited, p).Raw != `"new"` {
			t.Fatalf("%q at %q became %q", json, path, edited)
		}
	})
}

// Headers held for a body that the SDK does not show would be held for nothing: what is readable here is not opaque there,
// whichever of several headers it looks at.
func FuzzReadableBodiesAreShown(f *testing.F) {
	f.Add("application/json; profile=grpc", "text/plain", "identity", "")
	f.Add("application/json,application/grpc", "a/b", "identity,gzip", "identity")
	f.Add("Application/GRPC", "", "GZIP", ",")
	f.Fuzz(func(t *testing.T, type1, type2, encoding1, encoding2 string) {
		headers := [][2]string{{"content-type", type1}, {"content-type", type2}, {"content-encoding", encoding1}, {"content-encoding", encoding2}}
		if !OfRequest(headers, true).Reads() || !OfResponse("GET", headers, true).Reads() {
			return
		}
		for _, seen := range [][2]string{{type1, encoding1}, {type1 + "," + type2, encoding1 + "," + encoding2}} {
			if wrapper.OpaqueBody(seen[0], seen[1]) {
				t.Fatalf("%q is readable, but the SDK does not show it", seen)
			}
		}
	})
}
