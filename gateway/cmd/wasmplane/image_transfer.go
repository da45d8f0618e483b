package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/term"
)

// transferBar shows how far a transfer is, once it takes longer than a second: on a terminal as a bar that is redrawn, else
// as a line every ten seconds.
type transferBar struct {
	out      io.Writer
	label    string
	terminal bool
	now      func() time.Time
	next     time.Time
	drawn    bool
}

func newTransferBar(out io.Writer, label string) *transferBar {
	file, ok := out.(*os.File)
	return startTransferBar(out, label, ok && term.IsTerminal(int(file.Fd())), time.Now)
}

func startTransferBar(out io.Writer, label string, terminal bool, now func() time.Time) *transferBar {
	return &transferBar{out: out, label: label, terminal: terminal, now: now, next: now().Add(time.Second)}
}

// update is an oci.Progress.
func (b *transferBar) update(done, total int64) {
	now := b.now()
	if total <= 0 || now.Before(b.next) {
		return
	}
	percent := int(100 * done / total)
	if !b.terminal {
		b.next = now.Add(10 * time.Second)
		fmt.Fprintf(b.out, "%s: %s of %s (%d %%)\n", b.label, megabytes(done), megabytes(total), percent)
		return
	}
	b.next, b.drawn = now.Add(100*time.Millisecond), true
	const width = 30
	filled := min(width, width*percent/100)
	fmt.Fprintf(b.out, "\r%s [%s%s] %s of %s", b.label, strings.Repeat("=", filled), strings.Repeat(" ", width-filled), megabytes(done), megabytes(total))
}

// end removes the bar.
func (b *transferBar) end() {
	if b.drawn {
		fmt.Fprint(b.out, "\r\033[K")
	}
}
