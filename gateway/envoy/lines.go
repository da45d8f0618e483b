package envoy

import (
	"bufio"
	"context"
	"errors"
	"io"
	"strings"
	"sync"
)

// keptLines is how many lines are remembered of a process' output.
const keptLines = 20000

// lines is the output of a process, line by line. It is safe for concurrent use.
type lines struct {
	copy io.Writer // gets every line; nil means nobody

	mu      sync.Mutex
	kept    []string
	dropped int
	closed  bool
	changed chan struct{} // closed and replaced with every line
}

func newLines(copy io.Writer) *lines { return &lines{copy: copy, changed: make(chan struct{})} }

// read takes everything from r until it ends.
func (l *lines) read(r io.Reader) {
	buffered := bufio.NewReader(r)
	for {
		line, err := buffered.ReadString('\n')
		if line != "" {
			l.add(strings.TrimSuffix(line, "\n"))
		}
		if err != nil {
			l.end()
			return
		}
	}
}

func (l *lines) add(line string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.copy != nil {
		io.WriteString(l.copy, line+"\n")
	}
	l.kept = append(l.kept, line)
	if len(l.kept) > 2*keptLines {
		l.dropped += len(l.kept) - keptLines
		l.kept = append([]string(nil), l.kept[len(l.kept)-keptLines:]...)
	}
	close(l.changed)
	l.changed = make(chan struct{})
}

func (l *lines) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	close(l.changed)
	l.changed = make(chan struct{})
}

// mark is the position after the last line, for since and await.
func (l *lines) mark() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.dropped + len(l.kept)
}

// since returns the lines after a mark, and the channel that is closed when there is another.
func (l *lines) since(mark int) (lines []string, changed <-chan struct{}, closed bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]string(nil), l.kept[max(0, mark-l.dropped):]...), l.changed, l.closed
}

var errOutputEnded = errors.New("envoy ended")

// await returns the first line after a mark that f accepts, waiting for it.
func (l *lines) await(ctx context.Context, mark int, f func(string) bool) (string, error) {
	for seen := 0; ; {
		found, changed, closed := l.since(mark)
		for _, line := range found[min(seen, len(found)):] {
			if f(line) {
				return line, nil
			}
		}
		seen = len(found)
		if closed {
			return "", errOutputEnded
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return "", ctx.Err()
		}
	}
}
