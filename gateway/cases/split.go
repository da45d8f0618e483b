package cases

import (
	"encoding/json"
	"slices"
	"time"
)

// Split says where a body is cut into pieces that are sent on their own: after every so many bytes, at offsets, or
// "everywhere": in two, at another place each time.
type Split struct {
	Every      int
	At         []int
	Everywhere bool
	problem    string
}

// UnmarshalJSON implements json.Unmarshaler.
func (s *Split) UnmarshalJSON(data []byte) error {
	*s = Split{}
	var text string
	switch {
	case json.Unmarshal(data, &s.Every) == nil && s.Every > 0:
	case json.Unmarshal(data, &s.At) == nil && ascending(s.At):
	case json.Unmarshal(data, &text) == nil && text == "everywhere":
		s.Everywhere = true
	default:
		s.problem = "must be a number of bytes, a list of ascending offsets, or everywhere"
	}
	return nil
}

func ascending(offsets []int) bool {
	return len(offsets) > 0 && offsets[0] > 0 && slices.IsSorted(offsets) && len(slices.Compact(slices.Clone(offsets))) == len(offsets)
}

// places are the offsets at which a body of a size is cut. turn counts from 0.
func (s *Split) places(size, turn int) []int {
	switch {
	case s == nil:
		return nil
	case s.Everywhere:
		if size < 2 {
			return nil
		}
		return []int{1 + turn%(size-1)}
	case s.Every > 0:
		var out []int
		for at := s.Every; at < size; at += s.Every {
			out = append(out, at)
		}
		return out
	}
	return s.At
}

// splitPause lets a piece get on the wire before the next. TCP may join them nevertheless: then it is no worse than if
// they had been one.
const splitPause = time.Millisecond

// send sends the payload: in pieces of pieceSize, and with a pause wherever it is to be split.
func (p *Payload) send(turn int, send func([]byte) bool) bool {
	places := p.Split.places(int(p.length()), turn)
	if len(places) == 0 {
		return p.pieces(send)
	}
	content, from := p.bytes(), 0
	for _, at := range append(slices.Clone(places), len(content)) {
		at = min(at, len(content))
		if at > from && !send(append([]byte(nil), content[from:at]...)) {
			return false
		}
		if from = at; at < len(content) {
			time.Sleep(splitPause)
		}
	}
	return true
}

// turns is how often a body that is split everywhere is sent to see every place.
func (p *Payload) turns() int {
	if p.Split == nil || !p.Split.Everywhere {
		return 1
	}
	return max(1, int(p.length())-1)
}

func (c *checker) split(path string, p *Payload) {
	if p.Split == nil {
		return
	}
	switch {
	case p.Split.problem != "":
		c.fail(path+".split", "%s", p.Split.problem)
	case !p.hasBody() || p.BodySize != nil:
		c.fail(path+".split", "needs body, bodyBase64 or bodyFile")
	}
}
