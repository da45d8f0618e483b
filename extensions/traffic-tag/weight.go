package main

import (
	"math/rand/v2"

	"github.com/wasmplane/wasmplane/extensions/internal/field"
)

// weights share out requests among tags.
type weights struct {
	groups []weightGroup
	by     *source    // requests with the same value get the same tag; nil: each request is drawn anew
	draw   func() int // a random number from 0 to 99
}

// weightGroup has the requests from where the group before it ends up to end.
type weightGroup struct {
	tag tag
	end int // of 100
}

func parseWeights(o field.Object) (w weights, err error) {
	w.draw = func() int { return rand.IntN(100) }
	items, _, err := o.Objects("weightGroups")
	if err != nil {
		return w, err
	}
	sum := 0
	for _, item := range items {
		t, weight := newTag(text(item, "headerName"), text(item, "headerValue")), item.Get("weight").Int()
		if !t.complete() || weight < 0 || weight > 100 {
			return w, item.Error("invalid weight config: " + item.JSON().Raw)
		}
		if sum += int(weight); sum > 100 {
			return w, item.Error("total weight exceeds: 100")
		}
		w.groups = append(w.groups, weightGroup{t, sum})
	}
	by, set, err := o.Object("weightBy")
	if err != nil || !set {
		return w, err
	}
	s, err := parseSource(by)
	w.by = &s
	return w, err
}

// choose returns the tag of the group that the request falls into; nil if it falls into none.
func (w *weights) choose(r *request) *tag {
	if len(w.groups) == 0 {
		return nil
	}
	place := w.place(r)
	for i := range w.groups {
		if place < w.groups[i].end {
			return &w.groups[i].tag
		}
	}
	return nil
}

// place is from 0 to 99. The text before the value keeps it apart from the place of a "percentage" condition: whoever
// that one leaves over would otherwise never be in the first groups.
func (w *weights) place(r *request) int {
	if w.by != nil {
		if value, ok := w.by.value(r); ok && value != "" {
			return bucket("weight:" + value)
		}
	}
	return w.draw()
}
