package body

import "slices"

// layoutWidth is how long a line may be that holds a whole list.
const layoutWidth = 80

// Layout writes one member or element a line, two spaces a level, lists without objects on one line where they fit, and
// ends with a line break: the form that tidwall/pretty gives. Text that would take more than twice the room it has, or
// more than 64 KiB where that is more, keeps its own form: indentation multiplies deep JSON.
func (d *Document) Layout() {
	limit := max(cap(d.text), 64<<10)
	d.compact()
	measure := layout{src: d.text, limit: limit}
	if !measure.run() {
		return
	}
	length := len(d.text)
	d.text = slices.Grow(d.text, measure.out-length)[:measure.out]
	copy(d.text[measure.out-length:], d.text[:length])
	// Without blanks every byte that is left to read is written too, so writing does not overtake reading.
	print := layout{src: d.text[measure.out-length:], dst: d.text, limit: measure.out}
	print.run()
}

// compact removes the blanks between the tokens.
func (d *Document) compact() {
	out := 0
	for i := 0; i < len(d.text); {
		switch c := d.text[i]; {
		case c == '"':
			end := endOfString(View(d.text), i)
			out += copy(d.text[out:], d.text[i:end])
			i = end
		case c <= ' ':
			i++
		default:
			d.text[out] = c
			out++
			i++
		}
	}
	d.text = d.text[:out]
}

// layout reads compact JSON and writes, or, without dst, only counts. Once out is over the limit it gives up.
type layout struct {
	src, dst []byte
	at, out  int
	limit    int
	line     int // where in the output the current line is counted from
}

// run is false if the limit was passed.
func (l *layout) run() bool {
	l.value(0)
	l.write("\n")
	return l.out <= l.limit
}

func (l *layout) value(level int) {
	switch l.src[l.at] {
	case '{':
		l.container(level, '}')
	case '[':
		if !l.oneLine() {
			l.container(level, ']')
		}
	default:
		l.token(endOfValue(View(l.src), l.at))
	}
}

func (l *layout) container(level int, end byte) {
	l.token(l.at + 1)
	for n := 0; l.src[l.at] != end; n++ {
		if n > 0 {
			l.token(l.at + 1)
		}
		l.newLine(level + 1)
		if end == '}' {
			l.token(endOfString(View(l.src), l.at))
			l.token(l.at + 1)
			l.write(" ")
		} else if n > 0 {
			l.line++ // as in tidwall/pretty: the line break counts for members and for first elements
		}
		l.value(level + 1)
		if l.out > l.limit {
			return
		}
		if l.src[l.at] == end {
			l.newLine(level)
		}
	}
	l.token(l.at + 1)
}

func (l *layout) newLine(level int) {
	l.line = l.out
	l.write("\n")
	for range level {
		l.write("  ")
	}
}

// oneLine writes the list that begins here on the current line; false if it does not fit or holds an object.
func (l *layout) oneLine() bool {
	room := layoutWidth - (l.out - l.line)
	if room <= 3 {
		return false
	}
	depth, inText, end := 0, false, l.at
	for {
		c := l.src[end]
		end++
		room--
		switch {
		case inText && c == '\\':
			end++
			room--
		case c == '"':
			inText = !inText
		case inText:
		case c == '{':
			return false
		case c == '[':
			depth++
		case c == ']':
			depth--
		case c == ',':
			room-- // a blank follows
		}
		if room < 0 {
			return false
		}
		if depth == 0 {
			break
		}
	}
	for l.at < end {
		next := l.at + 1
		switch l.src[l.at] {
		case ',':
			l.write(", ")
			l.at = next
			continue
		case '"':
			next = endOfString(View(l.src), l.at)
		}
		l.token(next)
	}
	return true
}

// token writes what is read up to end.
func (l *layout) token(end int) {
	if l.dst != nil {
		copy(l.dst[l.out:], l.src[l.at:end])
	}
	l.out += end - l.at
	l.at = end
}

func (l *layout) write(text string) {
	if l.dst != nil {
		copy(l.dst[l.out:], text)
	}
	l.out += len(text)
}
