package body

import (
	"io"
	"mime"
	standard "mime/multipart"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestHeads(t *testing.T) {
	field := func(name string) Head { return Head{Name: name, Field: true} }
	doubtful := Head{Doubt: true}
	for head, want := range map[string]Head{
		`Content-Disposition: form-data; name="model"`:                                 field("model"),
		"content-disposition:form-data;name=model;":                                    field("model"),
		"A: 1\r\nCONTENT-DISPOSITION: Form-Data; NAME=\"a;b\"\r\nB: 2\r\n\r\n":         field("a;b"),
		"Content-Disposition: form-data;\r\n name=\"model\"":                           field("model"),
		"Content-Disposition: form-data\r\n\t; name=\"model\"":                         field("model"),
		`Content-Disposition: form-data; name="a\"b\\c"`:                               field(`a"b\c`),
		`Content-Disposition: form-data; name="f"; filename="C:\dir\x;.txt"`:           {Name: "f"},
		`Content-Disposition: form-data; name="f"; filename="a"; filename*=UTF-8''%e2`: {Name: "f"},
		`Content-Disposition: form-data; filename="x"`:                                 {},
		"Content-Disposition: attachment; filename=x":                                  {},
		"X: y":                              {},
		"":                                  {},
		"Content-Transfer-Encoding: base64": {},
		"Content-Disposition: form-data; name=m\r\nContent-Transfer-Encoding: 8BIT":               field("m"),
		"Content-Disposition: form-data; name=m\r\nContent-Type: text/plain; charset=utf-8":       field("m"),
		"Content-Disposition: form-data; name=f; filename=x\r\nContent-Transfer-Encoding: base64": {Name: "f"},

		"Content-Disposition: form-data; name=m\r\nContent-Transfer-Encoding: Quoted-Printable": {Name: "m", Field: true, Doubt: true},
		"Content-Transfer-Encoding: base64\r\nContent-Disposition: form-data; name=m":           {Name: "m", Field: true, Doubt: true},
		"Content-Disposition: form-data; name=m\r\nContent-Type: text/plain; charset=utf-16":    {Name: "m", Field: true, Doubt: true},
		`Content-Disposition: form-data; name="m"; filename=""`:                                 {Name: "m", Field: true, Doubt: true},
		`Content-Disposition: form-data; name="m"; filename*=utf-8''`:                           {Name: "m", Field: true, Doubt: true},
		`Content-Disposition: form-data; name="m"; filename*=utf-8''x`:                          {Name: "m", Field: true, Doubt: true},
		`Content-Disposition: form-data; name="m"; filename="x"; filename*=utf-8''`:             {Name: "m", Doubt: true},
		`Content-Disposition: form-data; name="m"; filename="x"; filename*0=""`:                 {Name: "m", Doubt: true},
		`Content-Disposition: attachment; name="m"`:                                             {Name: "m", Field: true, Doubt: true},

		"Content-Disposition: form-data; name*=utf-8''model":                               doubtful,
		"Content-Disposition: form-data; name=x; name*=utf-8''model":                       doubtful,
		`Content-Disposition: form-data; name*0="mo"; name*1="del"`:                        doubtful,
		`Content-Disposition: form-data; name="x"; name="model"`:                           doubtful,
		`Content-Disposition: form-data; name="mod\el"`:                                    doubtful,
		`Content-Disposition: form-data; z="a\"; name=model; y="`:                          doubtful,
		`Content-Disposition: form-data; name="x`:                                          doubtful,
		`Content-Disposition: form-data; name="x"y; z=1`:                                   doubtful,
		`Content-Disposition: form-data; name = "x"`:                                       doubtful,
		`Content-Disposition: form-data; name='x'`:                                         doubtful,
		`Content-Disposition: form-data; name`:                                             doubtful,
		"Content-Disposition : form-data; name=x":                                          doubtful,
		"Content-Disposition: form-data; name=x\r\nno name":                                doubtful,
		" Content-Disposition: form-data; name=x":                                          doubtful,
		"Content-Disposition: form-data; name=x\n\nmodel":                                  doubtful,
		"Content-Disposition: form-data; name=\"x\x00\"":                                   doubtful,
		"Content-Disposition: form-data; name=x\r\ncontent-disposition: form-data; name=y": doubtful,
	} {
		assert.Equal(t, want, ReadHead(head, "\r\n"), head)
	}
	assert.Equal(t, field("x"), ReadHead("A: b\nContent-Disposition: form-data; name=x\n\n", "\n"))
	assert.Equal(t, doubtful, ReadHead("Content-Disposition: form-data; name=x\r\n\r\nmodel\n\n", "\n"))
}

func TestBoundaries(t *testing.T) {
	for contentType, want := range map[string]string{
		"multipart/form-data; boundary=b":                            "b",
		`Multipart/Form-Data;charset="x;boundary=no";Boundary="b c"`: "b c",
		"multipart/form-data; boundary=----=_Part_1;":                "----=_Part_1",
		"multipart/form-data":                                        "",
		"multipart/form-data; boundary=":                             "",
		"multipart/form-data; boundary*=utf-8''B; boundary=A":        "",
		"multipart/form-data; boundary=A; boundary*0=B":              "",
		"multipart/form-data; boundary=A; boundary=B":                "",
		"multipart/form-data; boundary=A; Boundary=A":                "",
		"multipart/form-data; boundary=A, multipart/form-data":       "",
		`multipart/form-data; boundary="A`:                           "",
		`multipart/form-data; boundary="A" B`:                        "",
		`multipart/form-data; boundary="a\b"`:                        "",
	} {
		assert.Equal(t, want, Boundary(contentType), contentType)
	}
}

// A part in doubt is in the way only of the names that it may have.
func TestFormsWithPartsInDoubt(t *testing.T) {
	form := func(head string) string {
		return "--b\r\nContent-Disposition: form-data; name=model\r\n\r\nok\r\n--b\r\n" + head + "\r\n\r\nbad\r\n--b--"
	}
	fields, err := ParseMultipart(form(`Content-Disposition: form-data; name="model"; filename*=utf-8''`), "multipart/form-data; boundary=b")
	require.NoError(t, err)
	_, err = fields.Values("model")
	assert.Equal(t, ErrDoubt, err)
	_, err = fields.Edit(map[string][]string{"model": {"x"}})
	assert.Equal(t, ErrDoubt, err)
	values, err := fields.Values("other")
	assert.NoError(t, err)
	assert.Empty(t, values)
	edited, err := fields.Edit(map[string][]string{"other": {"x"}})
	assert.NoError(t, err)
	assert.Contains(t, string(edited), `name="other"`)
	_, err = fields.Edit(map[string][]string{`a";b`: {"x"}})
	assert.EqualError(t, err, "the name of a new field cannot be written")

	_, err = ParseMultipart(form("Content-Disposition: form-data; name*=utf-8''model"), "multipart/form-data; boundary=b")
	assert.Equal(t, ErrDoubt, err)

	fields, err = ParseMultipart(form("Content-Disposition: form-data;\r\n name=\"model\""), "multipart/form-data; boundary=b")
	require.NoError(t, err)
	values, err = fields.Values("model")
	assert.NoError(t, err)
	assert.Equal(t, []string{"ok", "bad"}, values)
}

// What Go's standard library reads under a name is read, or refused.
func FuzzMultipartHidesNothing(f *testing.F) {
	f.Add(upload, "a")
	for _, head := range []string{
		"Content-Disposition: form-data;\r\n name=\"m\"", "Content-Disposition: form-data; name*=utf-8''m",
		"Content-Disposition: form-data; name*0=m", `Content-Disposition: form-data; name="m"; filename*=utf-8''`,
		"Content-Disposition: form-data; name=m\r\nContent-Transfer-Encoding: quoted-printable", `Content-Disposition: form-data; name="m"; filename=""`,
		"Content-Disposition: form-data; name=m\n\nx", "Content-Disposition: form-data; name=\"\\m\"; x=y", "\tContent-Disposition: form-data; name=m",
		`Content-Disposition: form-data; z="a\"; name=m; y="`, "content-disposition: x\r\nContent-Disposition: form-data; name=m",
	} {
		f.Add("--b\r\nContent-Disposition: form-data; name=m\r\n\r\nok\r\n--b\r\n"+head+"\r\n\r\nb=61d\r\n--b--", "m")
		f.Add("--b\n"+head+"\n\nb\r\n--b--\r\n--b\n\n--b--", "m")
	}
	f.Fuzz(func(t *testing.T, text, name string) {
		if name == "" {
			return
		}
		fields, err := ParseMultipart(text, "multipart/form-data; boundary=b")
		if err != nil {
			return
		}
		ours, err := fields.Values(name)
		if err != nil {
			return
		}
		theirs, err := standardValues(text, name)
		if err != nil { // a whole form is then refused; where the last value ends is in dispute
			theirs = theirs[:max(0, len(theirs)-1)]
		}
		for len(theirs) > 0 && len(ours) > 0 {
			if ours[0] == theirs[0] {
				theirs = theirs[1:]
			}
			ours = ours[1:]
		}
		assert.Empty(t, theirs)
	})
}

func standardValues(text, name string) (values []string, err error) {
	reader := standard.NewReader(strings.NewReader(text), "b")
	for {
		part, err := reader.NextPart()
		if err == io.EOF {
			return values, nil
		}
		if err != nil {
			return values, err
		}
		value, err := io.ReadAll(part)
		if err != nil {
			return values, err
		}
		if part.FormName() == name && part.FileName() == "" {
			values = append(values, string(value))
		}
	}
}

func FuzzBoundary(f *testing.F) {
	for _, parameters := range []string{"boundary=b", "boundary*=utf-8''B; boundary=A", `boundary="a\"b"`, "boundary*0=a; boundary*1=b", "x=y;boundary=b;", `x="\";boundary=c;y="`} {
		f.Add(parameters)
	}
	f.Fuzz(func(t *testing.T, parameters string) {
		contentType := "multipart/form-data; " + parameters
		ours := Boundary(contentType)
		_, theirs, err := mime.ParseMediaType(contentType)
		if err == nil && ours != "" && theirs["boundary"] != ours {
			t.Fatalf("%q: %q, Go reads %q", contentType, ours, theirs["boundary"])
		}
	})
}
