package cases

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// Write renders the result for a terminal: a line, and what differs below it.
func (r *Result) Write(w io.Writer) error {
	name := r.Case
	if r.Step != "" {
		name += " / " + r.Step
	}
	var out strings.Builder
	switch {
	case r.Skipped != "":
		fmt.Fprintf(&out, "skip  %s (%s)\n", name, r.Skipped)
	case len(r.Failures) == 0:
		fmt.Fprintf(&out, "ok    %s (%s)\n", name, short(r.Duration))
	default:
		fmt.Fprintf(&out, "FAIL  %s (%s)\n", name, short(r.Duration))
		for i := range r.Failures {
			r.Failures[i].write(&out)
		}
		if r.Context != "" {
			out.WriteString(indent(r.Context, "      "))
		}
	}
	_, err := io.WriteString(w, out.String())
	return err
}

func (f *Failure) write(out *strings.Builder) {
	fmt.Fprintf(out, "      %s\n", f.Field)
	if f.Diff != "" {
		out.WriteString(indent("(- expected, + actual)\n"+f.Diff, "        "))
		return
	}
	fmt.Fprintf(out, "        expected %s\n        actual   %s\n", f.Expected, f.Actual)
}

// String renders the failure in one line, or with its difference below.
func (f Failure) String() string {
	if f.Diff != "" {
		return f.Field + ":\n" + f.Diff
	}
	return fmt.Sprintf("%s: expected %s, actual %s", f.Field, f.Expected, f.Actual)
}

// String renders the summary as a line.
func (s Summary) String() string {
	text := fmt.Sprintf("%d passed, %d failed", s.Passed, s.Failed)
	if s.Skipped > 0 {
		text += fmt.Sprintf(", %d skipped", s.Skipped)
	}
	return fmt.Sprintf("%s (%d steps, %s)", text, s.Steps, short(s.Duration))
}

func short(d time.Duration) string {
	if d < time.Millisecond {
		return "<1ms"
	}
	if d < time.Second {
		return d.Round(time.Millisecond).String()
	}
	return d.Round(10 * time.Millisecond).String()
}

func indent(text, by string) string {
	return by + strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\n"+by) + "\n"
}
