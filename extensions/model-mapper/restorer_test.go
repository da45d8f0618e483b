package main

import (
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"
)

func restored(r *restorer, pieces ...string) string {
	out := ""
	for _, piece := range pieces {
		out += string(r.next([]byte(piece)))
	}
	return out
}

var responses = []struct {
	name       string
	events     bool
	text, want string
}{
	{"a member", false, `{ "id" : "x", "model" : "qw\"en\\" , "n":1}`, `{ "id" : "x", "model" : "N" , "n":1}`},
	{"deeper ones stay", false, `{"a":{"model":"x"},"b":[{"model":"x"}],"c":"model","model":"y"}`, `{"a":{"model":"x"},"b":[{"model":"x"}],"c":"model","model":"N"}`},
	{"in message and response", false, `{"message":{"a":[{"model":"x"}],"model":"x","m":{"model":"x"}},"x":{"model":"x"},"response":{"model":"x"}}`,
		`{"message":{"a":[{"model":"x"}],"model":"N","m":{"model":"x"}},"x":{"model":"x"},"response":{"model":"N"}}`},
	{"repeated", false, `{"model":"x","model":"y"}`, `{"model":"N","model":"N"}`},
	{"no text", false, `{"model":5,"x":"y","model":null,"model":{"model":"x"},"model":["x"]}`, `{"model":5,"x":"y","model":null,"model":{"model":"x"},"model":["x"]}`},
	{"values that look like names", false, `{"a":"model","b":["model","x"],"model ":"x","xmodel":"x","a very long name: model":"x"}`, `{"a":"model","b":["model","x"],"model ":"x","xmodel":"x","a very long name: model":"x"}`},
	{"a list", false, `[{"model":"x"}]`, `[{"model":"x"}]`},
	{"a text", false, `"model"`, `"model"`},
	{"a document a line", false, "{\"model\":\"x\"}\n{\"model\":\"y\"}\n", "{\"model\":\"N\"}\n{\"model\":\"N\"}\n"},
	{"no JSON", false, `]]}}{"model":"x"}"model":"y",{{[[`, `]]}}{"model":"N"}"model":"y",{{[[`},
	{"events", true, "event: a\nid: {\"model\":\"x\"}\ndata: {\"model\":\"x\"}\n\ndata:{\"message\":{\"model\":\"y\"}}\r\rdata: [DONE]\r\n\r\n",
		"event: a\nid: {\"model\":\"x\"}\ndata: {\"model\":\"N\"}\n\ndata:{\"message\":{\"model\":\"N\"}}\r\rdata: [DONE]\r\n\r\n"},
	{"other fields", true, ": data: {\"model\":\"x\"}\n data: {\"model\":\"x\"}\ndatax: {\"model\":\"x\"}\n", ": data: {\"model\":\"x\"}\n data: {\"model\":\"x\"}\ndatax: {\"model\":\"x\"}\n"},
	{"lines are for themselves", true, "data: {\"model\":\n\"data: {\ndata: {\"model\":\"x\"}\n", "data: {\"model\":\n\"data: {\ndata: {\"model\":\"N\"}\n"},
	{"a line that ends in the name", true, "data: {\"model\":\"x\ndata: {\"model\":\"y\"}\n", "data: {\"model\":\"N\"\ndata: {\"model\":\"N\"}\n"},
}

func TestResponsesInOnePieceAndCutAnywhere(t *testing.T) {
	for _, tt := range responses {
		t.Run(tt.name, func(t *testing.T) {
			for at := 0; at <= len(tt.text); at++ {
				r := newRestorer("N")
				r.events = tt.events
				require.Equal(t, tt.want, restored(r, tt.text[:at], tt.text[at:]), at)
			}
			r := newRestorer("N")
			r.events = tt.events
			out := ""
			for i := range len(tt.text) {
				out += restored(r, tt.text[i:i+1])
			}
			require.Equal(t, tt.want, out, "byte by byte")
		})
	}
}

func TestNothingIsHeldBack(t *testing.T) {
	r := newRestorer("N")
	r.events = true
	for _, piece := range [][2]string{{"da", "da"}, {"ta: {\"mod", "ta: {\"mod"}, {"el\": \"q", "el\": \"N\""}, {"wen", ""}, {"\"}\n", "}\n"}} {
		require.Equal(t, piece[1], restored(r, piece[0]))
	}
}

func FuzzRestorer(f *testing.F) {
	for _, tt := range responses {
		f.Add([]byte(tt.text), tt.events, uint8(3))
	}
	f.Fuzz(func(t *testing.T, text []byte, events bool, size uint8) {
		whole := newRestorer("N")
		whole.events = events
		want := restored(whole, string(text))
		pieces := newRestorer("N")
		pieces.events = events
		got := ""
		for rest := string(text); rest != ""; {
			n := min(len(rest), int(size)+1)
			got += restored(pieces, rest[:n])
			rest = rest[n:]
		}
		if got != want {
			t.Fatalf("%q in pieces of %d became %q, in one %q", text, int(size)+1, got, want)
		}
		again := newRestorer("N")
		again.events = events
		if twice := restored(again, want); twice != want {
			t.Fatalf("%q became %q, and that %q", text, want, twice)
		}
		if !events && gjson.ValidBytes(text) && !gjson.Valid(want) {
			t.Fatalf("%q became %q, which is no JSON", text, want)
		}
	})
}
