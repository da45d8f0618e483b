package pretty

// printer lays out what its scanner reads.
type printer struct {
	scanner
	opts *Options
	out  []byte
	// line is where in out the current line is counted from.
	line int
}

// value lays out the next value, at a level of nesting.
func (p *printer) value(level int) {
	for ; !p.end(); p.at++ {
		switch c := p.src[p.at]; {
		case c == '{':
			p.object(level)
			return
		case c == '[':
			p.array(level)
			return
		case p.scalar():
			return
		}
	}
}

// scalar lays out a string, number or literal; false if none begins here.
func (p *printer) scalar() bool {
	switch {
	case p.src[p.at] == '"':
		p.out = append(p.out, p.text()...)
		return true
	case p.beginsNumber():
		p.out = append(p.out, p.number()...)
		return true
	}
	word := p.word()
	p.out = append(p.out, word...)
	return word != ""
}

// newLine begins a line.
func (p *printer) newLine(level int) {
	p.line = len(p.out)
	p.out = append(p.out, '\n')
	p.indent(level)
}

func (p *printer) indent(level int) {
	p.out = append(p.out, p.opts.Prefix...)
	for range level {
		p.out = append(p.out, p.opts.Indent...)
	}
}

func (p *printer) array(level int) {
	if p.arrayOnOneLine() {
		return
	}
	p.out = append(p.out, '[')
	p.at++
	for n := 0; ; n++ {
		c := p.skipBlanks()
		if p.end() {
			return
		}
		if c == ']' {
			if n > 0 {
				p.newLine(level)
			}
			break
		}
		if n > 0 {
			p.out = append(p.out, ',')
		}
		p.newLine(level + 1)
		if n > 0 {
			p.line++ // the width of all elements but the first does not count the line break
		}
		p.value(level + 1)
	}
	p.out = append(p.out, ']')
	p.at++
}

// arrayOnOneLine lays out the array that begins here on the current line. If it does not fit, or holds an object, it
// does nothing and returns false.
func (p *printer) arrayOnOneLine() bool {
	room := p.opts.Width - (len(p.out) - p.line)
	if p.opts.Width <= 0 || room <= 3 {
		return false
	}
	at, length := p.at, len(p.out)
	if p.inline(length+room) && len(p.out)-length <= room {
		return true
	}
	p.at, p.out = at, p.out[:length]
	return false
}

// inline lays out an array and the arrays in it without line breaks; false as soon as out is longer than limit, or at an
// object.
func (p *printer) inline(limit int) bool {
	p.out = append(p.out, '[')
	p.at++
	for n := 0; len(p.out) <= limit; n++ {
		c := p.skipBlanks()
		if p.end() {
			return true
		}
		if c == ']' {
			p.out = append(p.out, ']')
			p.at++
			return true
		}
		if n > 0 {
			p.out = append(p.out, ',', ' ')
		}
		if !p.inlineValue(limit) {
			return false
		}
	}
	return false
}

func (p *printer) inlineValue(limit int) bool {
	for ; !p.end(); p.at++ {
		switch c := p.src[p.at]; {
		case c == '{':
			return false
		case c == '[':
			return p.inline(limit)
		case p.scalar():
			return true
		}
	}
	return true
}

func (p *printer) object(level int) {
	p.out = append(p.out, '{')
	p.at++
	var members []member
	for n := 0; ; {
		c := p.skipBlanks()
		if p.end() {
			return
		}
		if c == '}' {
			p.sort(members)
			if n > 0 {
				p.newLine(level)
			}
			break
		}
		if c != '"' {
			p.at++
			continue
		}
		if n > 0 {
			p.out = append(p.out, ',')
		}
		n++
		m := p.member(level + 1)
		if p.opts.SortKeys {
			members = append(members, m)
		}
	}
	p.out = append(p.out, '}')
	p.at++
}

// member lays out a key and its value on a new line.
func (p *printer) member(level int) member {
	p.newLine(level)
	m := member{start: p.line + 1, key: p.text()}
	p.out = append(append(p.out, m.key...), ':', ' ')
	m.value = len(p.out)
	p.value(level)
	m.end = len(p.out)
	return m
}
