package sse

import (
	"strings"
	"testing"
)

func TestSplitterAtEveryCut(t *testing.T) {
	for _, c := range []struct {
		name, stream string
		want         []string // type|id|data
		rest         string
	}{
		{"two events", "data: a\n\nevent: e\nid: 1\ndata: b\ndata: c\n\n", []string{"||a", "e|1|b\nc"}, ""},
		{"CRLF", "data: a\r\n\r\ndata: b\r\n\r\n", []string{"||a", "||b"}, ""},
		{"no space and an empty line of data", "data:a\ndata:\n\n", []string{"||a\n"}, ""},
		{"an unfinished event stays", "data: a\n\ndata: b\n", []string{"||a"}, "data: b\n"},
		{"a comment", ": ping\n\ndata: a\n\n", []string{"||", "||a"}, ""},
		{"bytes beyond ASCII", "data: 你好\n\n", []string{"||你好"}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			for cut := 0; cut <= len(c.stream); cut++ {
				var s Splitter
				var got, raw []string
				note := func(e Event) {
					got = append(got, e.Type+"|"+e.ID+"|"+string(e.Data))
					raw = append(raw, string(e.Raw))
				}
				s.Push([]byte(c.stream[:cut]), note)
				s.Push([]byte(c.stream[cut:]), note)
				rest := string(s.Rest())
				if strings.Join(got, ";") != strings.Join(c.want, ";") || rest != c.rest {
					t.Fatalf("cut at %d: got %q and rest %q, want %q and %q", cut, got, rest, c.want, c.rest)
				}
				if strings.Join(raw, "")+rest != c.stream {
					t.Fatalf("cut at %d: raw text differs: %q", cut, raw)
				}
			}
		})
	}
}
