package echo

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"hash"
	"io"
	"mime"
	"mime/multipart"
	"unicode/utf8"
)

// keptBody is how much of a request body is shown; of a larger one only size and digest.
const keptBody = 1 << 20

// body is a request body: all of it up to keptBody, the digest and size of any.
type body struct {
	kept []byte
	size int64
	sum  hash.Hash
}

func (b *body) write(data []byte) {
	if b.sum == nil {
		b.sum = sha256.New()
	}
	b.sum.Write(data)
	b.size += int64(len(data))
	if b.size <= keptBody {
		b.kept = append(b.kept, data...)
		return
	}
	b.kept = nil
}

// describe fills in data, files, form and json the way httpbin does: a form is not data as well.
func (b *body) describe(contentType string, doc *document) {
	doc.Files, doc.Form, doc.JSON = values{}, values{}, json.RawMessage("null")
	if b.size > keptBody {
		doc.Data = fmt.Sprintf("%d bytes, sha256 %x", b.size, b.sum.Sum(nil))
		return
	}
	kind, parameters, _ := mime.ParseMediaType(contentType)
	switch {
	case kind == "application/x-www-form-urlencoded":
		doc.Form = pairs(string(b.kept))
		return
	case kind == "multipart/form-data" && readParts(b.kept, parameters["boundary"], doc):
		return
	}
	doc.Data = text(b.kept)
	if json.Valid(b.kept) && utf8.Valid(b.kept) {
		doc.JSON = b.kept
	}
}

// readParts reports whether the body is well-formed; a broken one is shown as data.
func readParts(data []byte, boundary string, doc *document) bool {
	files, form := values{}, values{}
	reader := multipart.NewReader(bytes.NewReader(data), boundary)
	for {
		part, err := reader.NextRawPart()
		if err == io.EOF {
			doc.Files, doc.Form = files, form
			return true
		}
		if err != nil {
			return false
		}
		content, err := io.ReadAll(part)
		if err != nil {
			return false
		}
		if part.FileName() != "" {
			files.add(part.FormName(), text(content))
			continue
		}
		form.add(part.FormName(), text(content))
	}
}

// text shows bytes as they are, or as a data URL where they are no text.
func text(b []byte) string {
	if utf8.Valid(b) {
		return string(b)
	}
	return "data:application/octet-stream;base64," + base64.StdEncoding.EncodeToString(b)
}
