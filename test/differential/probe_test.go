//go:build differential

package differential

import (
	"os"
	"strings"
	"testing"
)

// TestProbe runs one scenario from $PROBE: "a-script|b-script|step,step" with steps H H. D5 D5. T h h. d5 d5. t ga0; $H2=1 for HTTP/2.
func TestProbe(t *testing.T) {
	if os.Getenv("PROBE") == "" {
		t.Skip()
	}
	w := newWorld(t)
	for n, line := range strings.Split(os.Getenv("PROBE"), "\n") {
		parts := strings.Split(line, "|")
		s := &scenario{seed: uint64(n), method: "POST", http2: os.Getenv("H2") != "", requestLength: -1, responseLength: -1, scripts: map[string]string{"a": parts[0], "b": parts[1]}}
		for _, word := range strings.Fields(parts[2]) {
			st := step{}
			if strings.HasSuffix(word, "+") {
				st.together = true
				word = strings.TrimSuffix(word, "+")
			}
			if strings.HasSuffix(word, ".") {
				st.end = true
				word = strings.TrimSuffix(word, ".")
			}
			switch word[0] {
			case 'g':
				st = step{actor: gate, gate: word[1:2] + "/g" + word[2:]}
			case 'H':
			case 'h':
				st.actor = backend
			case 'D', 'd':
				if word[0] == 'd' {
					st.actor = backend
				}
				st.kind = data
				for _, c := range word[1:] {
					st.size = st.size*10 + int(c-'0')
				}
			case 'T', 't':
				if word[0] == 't' {
					st.actor = backend
				}
				st.kind, st.end = trailers, true
			}
			s.steps = append(s.steps, st)
		}
		report, same := w.compare(s, gaps[1])
		t.Logf("same %t %s%s", same, s, report)
	}
}
