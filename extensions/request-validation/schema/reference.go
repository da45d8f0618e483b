package schema

import (
	"net/url"
	"strconv"
	"strings"
)

// reference is a $ref of a schema.
type reference struct {
	from       *Schema
	to         string
	path, base string
}

// identifier is the keyword that names a schema.
func (c *compiler) identifier() string {
	if c.draft == Draft4 {
		return "id"
	}
	return "$id"
}

// identify notes the schema's name, if it has one, and returns the base of the references in it.
func (c *compiler) identify(at uint32, path, base string) (string, error) {
	id, ok := c.d.member(at, c.identifier())
	if !ok || c.d.nodes[id].kind != text {
		return base, nil
	}
	whole, err := join(base, c.d.text(id))
	if err != nil {
		return "", fault(path+"/"+c.identifier(), "must be a URI reference")
	}
	c.named[strings.TrimSuffix(whole, "#")] = at
	bare, _, _ := strings.Cut(whole, "#")
	if strings.HasPrefix(c.d.text(id), "#") {
		return base, nil
	}
	return bare, nil
}

// join resolves a URI reference (RFC 3986, section 5).
func join(base, reference string) (string, error) {
	if strings.HasPrefix(reference, "#") {
		return base + reference, nil
	}
	to, err := url.Parse(reference)
	if err != nil {
		return "", err
	}
	from, err := url.Parse(base)
	if err != nil {
		return "", err
	}
	return from.ResolveReference(to).String(), nil
}

// resolve finds what a reference leads to: a name, or a pointer from one.
func (c *compiler) resolve(ref reference) error {
	path := ref.path + "/$ref"
	whole, err := join(ref.base, ref.to)
	if err != nil {
		return fault(path, "must be a URI reference")
	}
	if at, ok := c.named[strings.TrimSuffix(whole, "#")]; ok {
		ref.from.ref, err = c.schema(at, path, ref.base)
		return err
	}
	bare, fragment, _ := strings.Cut(whole, "#")
	start, ok := c.named[bare]
	if bare == "" {
		start, ok = root, true
	}
	if !ok {
		return fault(path, brief(ref.to)+" is not in this schema, and others are not fetched")
	}
	pointer, err := url.PathUnescape(fragment)
	if err != nil || pointer != "" && pointer[0] != '/' {
		return fault(path, brief(ref.to)+" leads nowhere")
	}
	at, base, ok := c.follow(start, bare, pointer)
	if !ok {
		return fault(path, brief(ref.to)+" leads nowhere")
	}
	ref.from.ref, err = c.schema(at, pointer, base)
	return err
}

// follow walks a JSON pointer (RFC 6901), and returns the base of what it leads to.
func (c *compiler) follow(at uint32, base, pointer string) (uint32, string, bool) {
	if pointer == "" {
		return at, base, true
	}
	tokens := strings.Split(pointer[1:], "/")
	for i, token := range tokens {
		var ok bool
		if at, ok = c.step(at, strings.ReplaceAll(strings.ReplaceAll(token, "~1", "/"), "~0", "~")); !ok {
			return 0, "", false
		}
		if c.d.nodes[at].kind == object && i < len(tokens)-1 {
			base = c.baseIn(at, base)
		}
	}
	return at, base, true
}

// baseIn is the base in an object that lies in another of the given base.
func (c *compiler) baseIn(at uint32, base string) string {
	id, ok := c.d.member(at, c.identifier())
	if !ok || c.d.nodes[id].kind != text {
		return base
	}
	inner, err := join(base, c.d.text(id))
	if err != nil {
		return base
	}
	inner, _, _ = strings.Cut(inner, "#")
	return inner
}

func (c *compiler) step(at uint32, token string) (uint32, bool) {
	n := &c.d.nodes[at]
	if n.kind == object {
		return c.d.member(at, token)
	}
	index, err := strconv.Atoi(token)
	if n.kind != array || err != nil || index < 0 || uint64(index) >= uint64(n.count) {
		return 0, false
	}
	at++
	for range index {
		at = c.d.nodes[at].next
	}
	return at, true
}

// brief is a text as it can stand in a line of a log.
func brief(s string) string {
	const most = 100
	if len(s) > most {
		s = s[:most] + "…"
	}
	return strconv.Quote(s)
}
