package body

import "slices"

// splice replaces the bytes between two positions by pieces, which must not share the document.
func (d *Document) splice(start, end int, pieces ...string) {
	size := 0
	for _, piece := range pieces {
		size += len(piece)
	}
	d.text = slices.Grow(d.text, max(0, size-(end-start)))
	length := len(d.text)
	grown := d.text[:length+size-(end-start)]
	copy(grown[start+size:], d.text[end:length])
	for _, piece := range pieces {
		start += copy(grown[start:], piece)
	}
	d.text = grown
}

// rewrite replaces all that find yields, in the order of the text, by text; false if that is nothing. find runs twice:
// once to learn the size, once on the text that has been moved to the end of the buffer, while its new form grows from the
// beginning and never overtakes what is still to be read.
func (d *Document) rewrite(find func(json string, replace func(start, end int)), text string) bool {
	lead, places := 0, 0
	find(View(d.text), func(start, end int) {
		lead += max(0, len(text)-(end-start))
		places++
	})
	if places == 0 {
		return false
	}
	length := len(d.text)
	d.text = slices.Grow(d.text, lead)[:lead+length]
	copy(d.text[lead:], d.text[:length])
	moved := d.text[lead:]
	out, read := 0, 0
	find(View(moved), func(start, end int) {
		out += copy(d.text[out:], moved[read:start])
		out += copy(d.text[out:], text)
		read = end
	})
	out += copy(d.text[out:], moved[read:])
	d.text = d.text[:out]
	return true
}
