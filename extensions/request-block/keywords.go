package main

// keywords is a set of strings that a text may contain. It is searched in one pass over the text, however many strings
// there are (Aho and Corasick 1975), and takes 16 bytes for each byte of the strings. It is read-only once built.
type keywords struct {
	fold  bool       // letters match in either case; the strings are stored in lower case
	start [256]int32 // children of the root by label, capital letters included where fold is set; 0: none
	nodes []node     // the root is number 0
}

// node stands for a beginning of one or more of the strings.
type node struct {
	child, sibling int32 // first child, next child of the same parent; 0: none
	fail           int32 // the node for the longest end of this one that is also a beginning
	label          byte
	final          bool // a string ends here
}

// newKeywords returns nil for an empty list.
func newKeywords(list []string, fold bool) *keywords {
	if len(list) == 0 {
		return nil
	}
	k := &keywords{fold: fold, nodes: make([]node, 1)}
	for _, text := range list {
		if fold {
			text = lower(text)
		}
		k.insert(text)
	}
	k.link()
	return k
}

func (k *keywords) insert(text string) {
	at := int32(0)
	for i := 0; i < len(text); i++ {
		next := k.child(at, text[i])
		if next == 0 {
			next = k.add(at, text[i])
		}
		at = next
	}
	k.nodes[at].final = true
}

func (k *keywords) add(parent int32, label byte) int32 {
	number := int32(len(k.nodes))
	k.nodes = append(k.nodes, node{label: label, sibling: k.nodes[parent].child})
	k.nodes[parent].child = number
	if parent == 0 {
		k.start[label] = number
	}
	return number
}

// link sets the fail nodes, level by level: a fail node is always nearer to the root.
func (k *keywords) link() {
	level := make([]int32, 0, len(k.nodes))
	for c := k.nodes[0].child; c != 0; c = k.nodes[c].sibling {
		level = append(level, c)
		if label := k.nodes[c].label; k.fold && label >= 'a' && label <= 'z' {
			k.start[label-'a'+'A'] = c
		}
	}
	for i := 0; i < len(level); i++ {
		parent := &k.nodes[level[i]]
		for c := parent.child; c != 0; c = k.nodes[c].sibling {
			n := &k.nodes[c]
			n.fail = k.step(parent.fail, n.label)
			n.final = n.final || k.nodes[n.fail].final
			level = append(level, c)
		}
	}
}

func (k *keywords) child(of int32, label byte) int32 {
	if of == 0 {
		return k.start[label]
	}
	c := k.nodes[of].child
	for c != 0 && k.nodes[c].label != label {
		c = k.nodes[c].sibling
	}
	return c
}

// step returns the node for the longest end of what was read that is a beginning of some string.
func (k *keywords) step(at int32, label byte) int32 {
	for at != 0 {
		if next := k.child(at, label); next != 0 {
			return next
		}
		at = k.nodes[at].fail
	}
	return k.start[label]
}
