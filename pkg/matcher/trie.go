package matcher

import "math"

// noRule is greater than every rule number, so that the minimum of hits needs no special case.
const noRule = math.MaxInt32

// trie is a compressed prefix tree from patterns to the lowest rule number that has the pattern. With reverse set,
// patterns and subjects are read from their end, which makes it a suffix table. The zero value is an empty trie.
type trie struct {
	root    *trieNode
	reverse bool
}

type trieNode struct {
	edge     []byte // bytes between the parent and this node, in reading order
	rule     int32  // lowest rule whose pattern ends here, or noRule
	least    int32  // lowest rule in this node and below: a branch that cannot win is not walked
	heads    []byte // first edge byte of each child
	children []*trieNode
}

// insert adds a pattern. Rules are inserted in ascending order, so the first one to claim a pattern keeps it.
func (t *trie) insert(pattern string, rule int32) {
	if t.root == nil {
		t.root = &trieNode{rule: noRule, least: noRule}
	}
	key := make([]byte, len(pattern))
	for i := range key {
		key[i] = t.at(pattern, i)
	}
	n := t.root
	n.least = min(n.least, rule)
	for len(key) > 0 {
		i := n.child(key[0])
		if i < 0 {
			n.add(&trieNode{edge: key, rule: rule, least: rule})
			return
		}
		next := n.children[i]
		shared := sharedLength(next.edge, key)
		if shared < len(next.edge) {
			next = next.split(shared)
			n.children[i] = next
		}
		next.least = min(next.least, rule)
		n, key = next, key[shared:]
	}
	n.rule = min(n.rule, rule)
}

// find returns the lowest rule number below limit whose pattern begins the subject, else limit.
func (t *trie) find(subject string, limit int32) int32 {
	n := t.root
	if n == nil {
		return limit
	}
	at := 0
	for {
		limit = min(limit, n.rule)
		if n.least >= limit || at == len(subject) {
			return limit
		}
		i := n.child(t.at(subject, at))
		if i < 0 {
			return limit
		}
		n = n.children[i]
		if n.least >= limit || !t.matches(subject, at, n.edge) {
			return limit
		}
		at += len(n.edge)
	}
}

func (t *trie) matches(subject string, at int, edge []byte) bool {
	if len(subject)-at < len(edge) {
		return false
	}
	if !t.reverse {
		return subject[at:at+len(edge)] == string(edge)
	}
	for i, b := range edge {
		if subject[len(subject)-1-at-i] != b {
			return false
		}
	}
	return true
}

func (t *trie) at(s string, i int) byte {
	if t.reverse {
		return s[len(s)-1-i]
	}
	return s[i]
}

func (n *trieNode) child(head byte) int {
	for i, h := range n.heads {
		if h == head {
			return i
		}
	}
	return -1
}

func (n *trieNode) add(c *trieNode) {
	n.heads = append(n.heads, c.edge[0])
	n.children = append(n.children, c)
}

// split cuts the node's edge after length bytes and returns the new upper node.
func (n *trieNode) split(length int) *trieNode {
	upper := &trieNode{edge: n.edge[:length:length], rule: noRule, least: n.least}
	n.edge = n.edge[length:]
	upper.add(n)
	return upper
}

func sharedLength(a, b []byte) int {
	length := min(len(a), len(b))
	for i := 0; i < length; i++ {
		if a[i] != b[i] {
			return i
		}
	}
	return length
}
