package body

import (
	"bytes"
	"io"
	standard "mime/multipart"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestForms(t *testing.T) {
	for _, tt := range []struct {
		name, form string
		edit       map[string][]string
		want       string
	}{
		{"what is not edited keeps its bytes", "b=%31&&a=x+y&c", map[string][]string{"d": {"1"}}, "b=%31&&a=x+y&c&d=1"},
		{"in its place", "b=1&a=0&b=2", map[string][]string{"b": {"x y", "2"}}, "b=x+y&a=0&b=2"},
		{"spelt in escapes", "%62=1&a=0", map[string][]string{"b": {"1"}}, "%62=1&a=0"},
		{"fewer values", "b=1&a=0&b=2", map[string][]string{"b": {"2"}}, "b=2&a=0"},
		{"more values", "b=1&a=0", map[string][]string{"b": {"1", "é"}}, "b=1&a=0&b=%C3%A9"},
		{"none left", "b=1", map[string][]string{"b": nil}, ""},
		{"new names are sorted", "", map[string][]string{"b": {"1"}, "a": {"2", "3"}}, "a=2&a=3&b=1"},
		{"no value is an empty value", "b&a", map[string][]string{"b": {""}}, "b&a"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			form, err := ParseForm(tt.form)
			require.NoError(t, err)
			got, err := form.Edit(tt.edit)
			require.NoError(t, err)
			assert.Equal(t, tt.want, string(got))
		})
	}
	for text, want := range map[string]string{"a=%zz": "invalid escape in form", "%4=1": "invalid escape in form", "a=1;b=2": "invalid semicolon separator in form"} {
		_, err := ParseForm(text)
		assert.EqualError(t, err, want, text)
	}
	many, err := ParseForm(strings.Repeat("a&", maxFields+1))
	require.NoError(t, err)
	_, err = many.Values("a")
	assert.Equal(t, errTooManyFields, err)
}

const upload = "preamble\r\n--b \r\nContent-Disposition: form-data; name=a\r\nContent-Type: text/plain\r\n\r\n1\r\n" +
	"--b\r\ncontent-disposition: form-data; name=\"f\"; filename=\"a; name=a\"\r\n\r\nPK\x00\r\n--bc\r\n-- b\r\n" +
	"--b\r\nx: y\r\n\r\nnameless\r\n--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n\r\n--b--\r\nepilogue"

func TestMultipart(t *testing.T) {
	for _, tt := range []struct {
		name, old, new string
		edit           map[string][]string
	}{
		{"nothing", "", "", nil},
		{"the same", "", "", map[string][]string{"a": {"1", ""}}},
		{"a value keeps its part's headers", "\r\n\r\n1\r\n", "\r\n\r\n2\r\n", map[string][]string{"a": {"2", ""}}},
		{"files are no fields", "--b--", "--b\r\nContent-Disposition: form-data; name=\"f\"\r\n\r\nx\r\n--b--", map[string][]string{"f": {"x"}}},
		{"one less", "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n\r\n--b--", "--b--", map[string][]string{"a": {"1"}}},
		{"new ones at the end", "--b--", "--b\r\nContent-Disposition: form-data; name=\"n\\\"\"\r\n\r\nx\r\ny\r\n--b--", map[string][]string{`n"`: {"x\r\ny"}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			fields, err := ParseMultipart(upload, `multipart/form-data; charset="x;boundary=no"; Boundary="b"`)
			require.NoError(t, err)
			values, err := fields.Values("a")
			require.NoError(t, err)
			assert.Equal(t, []string{"1", ""}, values)
			got, err := fields.Edit(tt.edit)
			require.NoError(t, err)
			assert.Equal(t, strings.Replace(upload, tt.old, tt.new, 1), string(got))
		})
	}
}

func TestMultipartErrors(t *testing.T) {
	for _, tt := range []struct{ name, text, contentType, want string }{
		{"no boundary", upload, "multipart/form-data", "content type has no boundary"},
		{"another boundary", upload, "multipart/form-data; boundary=x", "multipart body is incomplete"},
		{"cut", upload[:len(upload)-20], "multipart/form-data; boundary=b", "multipart body is incomplete"},
		{"cut in a head", "--b\r\nx: y\r\n", "multipart/form-data; boundary=b", "multipart body is incomplete"},
		{"many parts", strings.Repeat("--b\r\n\r\n\r\n", maxFields+1) + "--b--", "multipart/form-data; boundary=b", "form has more than 10000 fields"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := ParseMultipart(tt.text, tt.contentType)
			assert.EqualError(t, err, tt.want)
		})
	}
	fields, err := ParseMultipart("--b\ncontent-disposition: form-data; name=a\n\nx\n--b--", "multipart/form-data; boundary=b")
	require.NoError(t, err, "bare line feeds are read as Go's mime/multipart reads them")
	values, _ := fields.Values("a")
	assert.Equal(t, []string{"x"}, values)
	_, err = fields.Edit(map[string][]string{"a": {"1\n--b\ncontent-disposition: form-data; name=admin\n\n1"}})
	assert.EqualError(t, err, "the boundary is part of a new value")
}

func FuzzForm(f *testing.F) {
	for _, form := range []string{"a=1&b=2", "&&=x&a", "a=%zz", "a=1;b", "%61=+"} {
		f.Add(form, "a", "v w")
	}
	f.Fuzz(func(t *testing.T, text, name, value string) {
		form, err := ParseForm(text)
		before, wantErr := url.ParseQuery(text)
		if (err != nil) != (wantErr != nil) {
			t.Fatalf("%q: %v, not %v", text, err, wantErr)
		}
		if err != nil {
			return
		}
		values, err := form.Values(name)
		if err != nil {
			t.Skip()
		}
		assert.Equal(t, before[name], values)
		got, err := form.Edit(map[string][]string{name: {value, value}})
		require.NoError(t, err)
		after, err := url.ParseQuery(string(got))
		require.NoError(t, err)
		before[name] = []string{value, value}
		assert.Equal(t, before, after)
	})
}

func FuzzMultipart(f *testing.F) {
	f.Add(upload, "a", "v")
	f.Add("--b\r\n\r\n\r\n--b--", "a", "v")
	f.Add("--b\ncontent-disposition: form-data; name=a\n\nx\n--b--", "a", "--b")
	f.Fuzz(func(t *testing.T, text, name, value string) {
		fields, err := ParseMultipart(text, "multipart/form-data; boundary=b")
		if err != nil {
			return
		}
		same, err := fields.Edit(nil)
		require.NoError(t, err)
		assert.Equal(t, text, string(same))
		if name == "" {
			return
		}
		edited, err := fields.Edit(map[string][]string{name: {value}})
		if err != nil {
			return
		}
		again, err := ParseMultipart(string(edited), "multipart/form-data; boundary=b")
		require.NoError(t, err)
		if !strings.ContainsAny(name, "\r\n") {
			values, _ := again.Values(name)
			assert.Equal(t, []string{value}, values, "%q", edited)
		}
	})
}

// What is read here is what Go reads.
func TestMultipartAgreesWithTheStandardLibrary(t *testing.T) {
	fields, err := ParseMultipart(upload, "multipart/form-data; boundary=b")
	require.NoError(t, err)
	edited, err := fields.Edit(map[string][]string{"a": {"x"}, "n": {"y"}})
	require.NoError(t, err)
	reader := standard.NewReader(bytes.NewReader(edited), "b")
	var got []string
	for {
		part, err := reader.NextRawPart()
		if err == io.EOF {
			break
		}
		require.NoError(t, err)
		text, err := io.ReadAll(part)
		require.NoError(t, err)
		got = append(got, part.FormName()+"|"+part.FileName()+"|"+string(text))
	}
	assert.Equal(t, []string{"a||x", "f|a; name=a|PK\x00\r\n--bc\r\n-- b", "||nameless", "n||y"}, got)
}
