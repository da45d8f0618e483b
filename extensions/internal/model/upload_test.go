package model

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wasmplane/wasmplane/extensions/internal/body"
)

const formType = "multipart/form-data; boundary=b"

// lines joins with the line break of MIME.
func lines(texts ...string) string { return strings.Join(texts, "\r\n") }

var uploads = []struct {
	name, text string
	want       string // the name found; what follows "N" in edited is the body with that name
	edited     string
}{
	{"a field",
		lines("--b", "Content-Disposition: form-data; name=\"model\"", "", "m", "--b--", ""), "m",
		lines("--b", "Content-Disposition: form-data; name=\"model\"", "", "NEW", "--b--", "")},
	{"between other parts, a preamble and an epilogue",
		lines("--", "pre --b", "--b \t", "content-disposition:form-data;name=x", "", "--", "--bb", "--b", "A: 1", "CONTENT-DISPOSITION: form-data; name=model", "B: 2", "", " m/1 ", "--b", "", "no head", "--b--", "--b", "", "epilogue"), " m/1 ",
		lines("--", "pre --b", "--b \t", "content-disposition:form-data;name=x", "", "--", "--bb", "--b", "A: 1", "CONTENT-DISPOSITION: form-data; name=model", "B: 2", "", "NEW", "--b", "", "no head", "--b--", "--b", "", "epilogue")},
	{"line feeds alone",
		"--b\nContent-Disposition: form-data; name=model\n\nm\r\n--b\r\n\n--b--", "m\r\n--b\r\n",
		"--b\nContent-Disposition: form-data; name=model\n\nNEW\n--b--"},
	{"twice",
		lines("--b", "Content-Disposition: form-data; name=model", "", "m", "--b", "Content-Disposition: form-data; name=model", "", "other", "--b--"), "m",
		lines("--b", "Content-Disposition: form-data; name=model", "", "NEW", "--b", "Content-Disposition: form-data; name=model", "", "NEW", "--b--")},
	{"folded",
		lines("--b", "Content-Disposition: form-data; name=x", "", "1", "--b", "Content-Disposition: form-data;", " name=model", "", "m", "--b--", ""), "m",
		lines("--b", "Content-Disposition: form-data; name=x", "", "1", "--b", "Content-Disposition: form-data;", " name=model", "", "NEW", "--b--", "")},
	{"beside a part that is in doubt under another name",
		lines("--b", "Content-Disposition: form-data; name=file; filename*=utf-8''%e2", "", "1", "--b", "Content-Disposition: form-data; name=model", "", "m", "--b--", ""), "m",
		lines("--b", "Content-Disposition: form-data; name=file; filename*=utf-8''%e2", "", "1", "--b", "Content-Disposition: form-data; name=model", "", "NEW", "--b--", "")},
	{"empty",
		lines("--b", "Content-Disposition: form-data; name=model", "", "", "--b--"), "",
		lines("--b", "Content-Disposition: form-data; name=model", "", "NEW", "--b--")},
	{"empty without a line",
		lines("--b", "Content-Disposition: form-data; name=model", "", "--b--"), "",
		lines("--b", "Content-Disposition: form-data; name=model", "", "NEW", "--b--")},
	{"behind a file of the same name",
		lines("--b", "Content-Disposition: form-data; name=model; filename=f", "", "file", "--b", "Content-Disposition: form-data; name=model", "", "m", "--b--"), "m",
		lines("--b", "Content-Disposition: form-data; name=model; filename=f", "", "file", "--b", "Content-Disposition: form-data; name=model", "", "NEW", "--b--")},
}

// pass sends a body in pieces as a host does that holds what the plugin wants held.
func pass(t testing.TB, u *Upload, pieces [][]byte) (name, out string, verdict Verdict, err error) {
	var held, sent []byte
	for i, piece := range pieces {
		last := i == len(pieces)-1
		held = append(held, piece...)
		if verdict == Hold {
			if name, verdict = u.Look(held, last); verdict == Hold {
				require.False(t, last, "held for ever")
				continue
			}
			if verdict == Whole {
				return name, "", verdict, nil
			}
			u.Set("NEW")
		}
		next, err := u.Next(held, last)
		if err != nil {
			return name, string(sent), verdict, err
		}
		sent = append(sent, next...)
		held = nil
	}
	return name, string(sent), verdict, nil
}

func TestUploadsInOnePieceAndCutAnywhere(t *testing.T) {
	for _, tt := range uploads {
		t.Run(tt.name, func(t *testing.T) {
			for at := 0; at <= len(tt.text); at++ {
				name, out, verdict, err := pass(t, NewUpload(formType, "model"), [][]byte{[]byte(tt.text[:at]), []byte(tt.text[at:])})
				require.NoError(t, err, at)
				require.Equal(t, Found, verdict, at)
				require.Equal(t, tt.want, name, at)
				require.Equal(t, tt.edited, out, at)
			}
		})
	}
}

// Byte by byte the name is found if that does not take more calls than are allowed; and then all of it passes in the same
// form.
func TestUploadsByteByByte(t *testing.T) {
	for _, tt := range uploads {
		t.Run(tt.name, func(t *testing.T) {
			u := NewUpload(formType, "model")
			u.calls = -len(tt.text)
			name, out, verdict, err := pass(t, u, bytes.Split([]byte(tt.text), nil))
			assert.NoError(t, err)
			assert.Equal(t, Found, verdict)
			assert.Equal(t, tt.want, name)
			assert.Equal(t, tt.edited, out)
		})
	}
}

func TestUploadsAgreeWithForms(t *testing.T) {
	for _, tt := range uploads {
		t.Run(tt.name, func(t *testing.T) {
			form, err := ParseForm(tt.text, formType, "model")
			require.NoError(t, err)
			assert.Equal(t, tt.want, form.First())
			edited, err := form.Set("NEW")
			require.NoError(t, err)
			assert.Equal(t, tt.edited, string(edited))
		})
	}
}

func TestUploadsThatMustBeReadAsAWhole(t *testing.T) {
	head := lines("--b", "Content-Disposition: form-data; name=file; filename=f", "", "")
	for _, tt := range []struct{ name, text string }{
		{"no such field", lines("--b", "Content-Disposition: form-data; name=x", "", "m", "--b--")},
		{"no boundary", "text"},
		{"nothing", ""},
		{"a name that can be read in two ways", lines("--b", "Content-Disposition: form-data; name*=utf-8''model", "", "m", "--b--")},
		{"incomplete", lines("--b", "Content-Disposition: form-data; name=model", "", "m")},
		{"too much before it", head + strings.Repeat("x", holdSize)},
		{"a head that does not end", "--b\r\n" + strings.Repeat("x", maxHead+1)},
		{"a name that does not end", lines("--b", "Content-Disposition: form-data; name=model", "", strings.Repeat("x", maxValue+1))},
		{"a boundary line that does not end", "--b" + strings.Repeat(" ", maxBlank+1)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, verdict := NewUpload(formType, "model").Look([]byte(tt.text), true)
			assert.Equal(t, Whole, verdict)
		})
	}
	t.Run("too many pieces", func(t *testing.T) {
		u := NewUpload(formType, "model")
		held := []byte(head)
		for range holdCalls - 1 {
			held = append(held, 'x')
			_, verdict := u.Look(held, false)
			require.Equal(t, Hold, verdict)
		}
		_, verdict := u.Look(held, false)
		assert.Equal(t, Whole, verdict)
	})
	assert.Nil(t, NewUpload("multipart/form-data", "model"))
}

// What cannot be told while it passes is not passed on: a backend may find another name in it.
func TestUploadsThatBreakOff(t *testing.T) {
	begin := lines("--b", "Content-Disposition: form-data; name=model", "", "m", "--b", "")
	for _, tt := range []struct{ name, rest, want string }{
		{"a head that does not end", strings.Repeat("x", maxHead+1), "head of a part is over 64 KiB"},
		{"a name that does not end", lines("Content-Disposition: form-data; name=model", "", strings.Repeat("x", maxValue+1)), "the model's name is over 64 KiB"},
		{"a name that can be read in two ways", lines("Content-Disposition: form-data; name=x; name*=utf-8''model", "", "bad", "--b--"), body.ErrDoubt.Error()},
		{"a value that can be read in two ways", lines("Content-Disposition: form-data; name=model", "Content-Transfer-Encoding: quoted-printable", "", "b=61d", "--b--"), body.ErrDoubt.Error()},
		{"a boundary line that does not end", "\r\nx\r\n--b" + strings.Repeat(" ", maxBlank+1), "a boundary line is over 1 KiB"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			u := NewUpload(formType, "model")
			u.Set("N")
			_, err := u.Next([]byte(begin), false)
			require.NoError(t, err)
			_, err = u.Next([]byte(tt.rest), false)
			assert.EqualError(t, err, tt.want)
		})
	}
}

func TestUploadsThatEndWithoutABoundary(t *testing.T) {
	u := NewUpload(formType, "model")
	u.Set("N")
	out, err := u.Next([]byte(lines("--b", "Content-Disposition: form-data; name=model", "", "m", "--b", "Content-Disposition: form-data; name=model", "", "other")), true)
	require.NoError(t, err)
	assert.Equal(t, lines("--b", "Content-Disposition: form-data; name=model", "", "N", "--b", "Content-Disposition: form-data; name=model", "", "N"), string(out))
}

func TestOtherPartsStream(t *testing.T) {
	u := NewUpload(formType, "model")
	u.Set("N")
	_, err := u.Next([]byte(lines("--b", "Content-Disposition: form-data; name=f; filename=f", "", "")), false)
	require.NoError(t, err)
	chunk := bytes.Repeat([]byte("\r\n--"), 4<<10)
	for range 8 {
		out, err := u.Next(chunk, false)
		require.NoError(t, err)
		assert.InDelta(t, len(chunk), len(out), 16)
		assert.LessOrEqual(t, len(u.pending), 16)
	}
}

func TestNamesThatCannotStandInABody(t *testing.T) {
	u := NewUpload(formType, "model")
	assert.True(t, u.CanSet("b"))
	assert.False(t, u.CanSet("a--bc"))
}

// FuzzUpload compares an upload in pieces with the form as a whole.
func FuzzUpload(f *testing.F) {
	for _, tt := range uploads {
		f.Add([]byte(tt.text), uint8(7))
	}
	f.Add([]byte("--b\r\nContent-Disposition: form-data; name=model\r\n\r\n--b\r\n0\r\n\r\n"), uint8(57))
	f.Add([]byte("--b\r\nContent-Disposition: form-data; name=\"mo\\del\"\r\n\r\nm\r\n--b--"), uint8(1))
	f.Fuzz(func(t *testing.T, text []byte, size uint8) {
		var pieces [][]byte
		for rest := text; len(rest) > 0; {
			n := min(len(rest), int(size)+1)
			pieces = append(pieces, rest[:n])
			rest = rest[n:]
		}
		if pieces == nil {
			return
		}
		u := NewUpload(formType, "model")
		u.calls = -len(pieces)
		name, out, verdict, refused := pass(t, u, pieces)
		form, err := ParseForm(string(text), formType, "model")
		if err != nil {
			return
		}
		if refused != nil {
			t.Fatalf("refused as %v, the whole form has %q", refused, form.values)
		}
		if (verdict == Found) != (len(form.values) > 0) {
			t.Fatalf("verdict %d, the whole form has %q", verdict, form.values)
		}
		if verdict != Found {
			return
		}
		if name != form.First() {
			t.Fatalf("found %q, the whole form has %q", name, form.values)
		}
		edited, err := form.Set("NEW")
		if err != nil {
			t.Fatal(err)
		}
		if edited == nil {
			edited = text
		}
		if out != string(edited) {
			t.Fatalf("became %q, as a whole %q", out, edited)
		}
	})
}
