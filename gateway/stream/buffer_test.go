package stream

import "testing"

func TestBuffer(t *testing.T) {
	for _, tc := range []struct {
		name  string
		start string
		do    func(*Buffer)
		want  string
	}{
		{"append", "ab", func(b *Buffer) { b.Append([]byte("c")) }, "abc"},
		{"splice 0 prepends", "ab", func(b *Buffer) { b.Splice(0, []byte("x")) }, "xab"},
		{"splice replaces a prefix", "abc", func(b *Buffer) { b.Splice(2, []byte("xyz")) }, "xyzc"},
		{"splice beyond the end replaces all", "abc", func(b *Buffer) { b.Splice(1<<31-1, []byte("x")) }, "x"},
		{"a negative splice prepends", "ab", func(b *Buffer) { b.Splice(-1, []byte("x")) }, "xab"},
		{"move appends", "ab", func(b *Buffer) { b.Move(NewBuffer([]byte("cd"))) }, "abcd"},
		{"move into an empty buffer", "", func(b *Buffer) { b.Move(NewBuffer([]byte("cd"))) }, "cd"},
		{"move of nothing", "ab", func(b *Buffer) { b.Move(nil) }, "ab"},
		{"move of itself", "ab", func(b *Buffer) { b.Move(b) }, "ab"},
		{"take empties", "ab", func(b *Buffer) {
			if string(b.Take()) != "ab" {
				panic("took something else")
			}
		}, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b := NewBuffer([]byte(tc.start))
			tc.do(b)
			if string(b.Bytes()) != tc.want || b.Len() != len(tc.want) {
				t.Errorf("got %q (%d), want %q", b.Bytes(), b.Len(), tc.want)
			}
		})
	}
	src := NewBuffer([]byte("x"))
	(&Buffer{}).Move(src)
	if src.Len() != 0 {
		t.Error("move must empty its source")
	}
	var none *Buffer
	if none.Len() != 0 || none.Bytes() != nil {
		t.Error("a nil buffer reads as empty")
	}
}

// A codec may pass a part of its read buffer: what follows it there must survive what filters append.
func TestSpareCapacityIsNotWritten(t *testing.T) {
	x := newExchange(t, "a{>D=buf,buf}", 0, nil)
	x.step("req H")
	read := []byte("onetwo")
	x.stream.OnRequestData(read[:3], false)
	x.stream.OnRequestData([]byte("XYZ"), false)
	x.stream.OnRequestData(read[3:], true)
	x.step("a cont>")
	if string(x.router.body) != "oneXYZtwo" {
		t.Errorf("router got %q", x.router.body)
	}
}

func TestHeldBuffersAreReadable(t *testing.T) {
	x := newExchange(t, "a{>D=wm;<D=wm} b{>H=go}", 7, nil)
	a, b := x.probes["a"].cb, x.probes["b"].cb
	if a.DecodingBuffer() != nil || a.EncodingBuffer() != nil || a.LocalReplied() || a.BufferLimit() != 7 {
		t.Error("before the request")
	}
	for _, step := range []string{"req H", "req D:one", "resp H:200", "resp D:two"} {
		x.step(step)
	}
	if string(a.DecodingBuffer().Bytes()) != "one" || string(b.DecodingBuffer().Bytes()) != "one" ||
		string(a.EncodingBuffer().Bytes()) != "two" || string(b.EncodingBuffer().Bytes()) != "two" {
		t.Error("held data must be readable by its filter and by others")
	}
	x.step("a cont>")
	x.step("a cont<")
	if a.DecodingBuffer().Len() != 0 || a.EncodingBuffer().Len() != 0 {
		t.Error("nothing is held after the resumes, though the buffers stay")
	}
	a.SetBufferLimit(-1)
	if b.BufferLimit() != 0 {
		t.Error("a negative limit is none, for all filters")
	}
}
