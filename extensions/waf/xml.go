package main

import (
	"bufio"
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strconv"
	"strings"

	"github.com/corazawaf/coraza/v3/experimental/plugins"
	"github.com/corazawaf/coraza/v3/experimental/plugins/plugintypes"
)

// xmlProcessor reads XML bodies for the rules: XML:/* are the texts, XML://@* the values of attributes. The engine's own
// processor takes any text for XML that ends where it should not; this one reports a document that is not well-formed,
// and one with more text than the rules may examine; texts and values count as arguments for SecArgumentsLimit. What could be read of it is examined all the same.
type xmlProcessor struct{}

var _ plugintypes.BodyProcessor = xmlProcessor{}

func init() {
	plugins.RegisterBodyProcessor("xml", func() plugintypes.BodyProcessor { return xmlProcessor{} })
}

// ProcessRequest implements plugintypes.BodyProcessor.
func (xmlProcessor) ProcessRequest(reader io.Reader, v plugintypes.TransactionVariables, o plugintypes.BodyProcessorOptions) error {
	body, err := io.ReadAll(reader)
	if err != nil {
		return err
	}
	limit := int64(0)
	if running != nil {
		limit = running.engine.bounds.argumentBytes
	}
	if tooMuchMarkup(body, o.ArgumentLimit, limit) {
		return errTooMuchMarkup
	}
	attributes, texts, problem := readXML(body, true)
	if problem != nil {
		attributes, texts, _ = readXML(body, false)
	}
	if limit > 0 && total(attributes)+total(texts) > limit {
		return errors.New("more than " + strconv.FormatInt(limit, 10) + " bytes of text, the limit of max_argument_bytes")
	}
	if o.ArgumentLimit > 0 && len(attributes)+len(texts) > o.ArgumentLimit {
		setSingle(v.ArgumentsLimitReached(), "1")
		attributes = attributes[:min(len(attributes), o.ArgumentLimit)]
		texts = texts[:min(len(texts), o.ArgumentLimit-len(attributes))]
	}
	xmlVariables := v.RequestXML()
	xmlVariables.Set("//@*", attributes)
	xmlVariables.Set("/*", texts)
	return problem
}

// ProcessResponse implements plugintypes.BodyProcessor. XML in responses is examined as text.
func (xmlProcessor) ProcessResponse(io.Reader, plugintypes.TransactionVariables, plugintypes.BodyProcessorOptions) error {
	return nil
}

// tagsPerArgument is how many tags a document may have for each argument that is allowed.
const tagsPerArgument = 32

var errTooMuchMarkup = errors.New("more elements and attributes than SecArgumentsLimit and max_argument_bytes allow for")

// tooMuchMarkup reports whether a document has so many tags and attributes that reading it takes long. It counts their
// signs: an equals sign that is no attribute's is in a text, of which there may be textLimit bytes, 0 for any number.
func tooMuchMarkup(body []byte, argumentLimit int, textLimit int64) bool {
	if argumentLimit <= 0 {
		return false
	}
	return bytes.Count(body, []byte("<")) > tagsPerArgument*argumentLimit ||
		textLimit > 0 && int64(bytes.Count(body, []byte("="))) > int64(argumentLimit)+textLimit
}

// readXML collects what rules examine until the end of the document, or until an error.
func readXML(body []byte, strict bool) (attributes, texts []string, err error) {
	decoder := xml.NewDecoder(bytes.NewReader(body))
	decoder.Strict = strict
	decoder.Entity = xml.HTMLEntity
	decoder.CharsetReader = charsetReader
	if !strict {
		decoder.AutoClose = xml.HTMLAutoClose
	}
	elements := 0
	for {
		token, err := decoder.Token()
		if err == io.EOF && elements == 0 {
			return attributes, texts, errors.New("a document without an element")
		}
		if err == io.EOF {
			return attributes, texts, nil
		}
		if err != nil {
			return attributes, texts, err
		}
		switch t := token.(type) {
		case xml.StartElement:
			elements++
			for _, a := range t.Attr {
				attributes = append(attributes, a.Value)
			}
		case xml.CharData:
			if text := strings.TrimSpace(string(t)); text != "" {
				texts = append(texts, text)
			}
		}
	}
}

// charsetReader turns single-byte character sets into UTF-8. All of them agree on what markup is made of, and rules look
// for ASCII.
func charsetReader(charset string, input io.Reader) (io.Reader, error) {
	charset = lower(charset)
	for _, prefix := range []string{"iso-8859-", "windows-125", "us-ascii", "ascii", "latin"} {
		if strings.HasPrefix(charset, prefix) {
			return &singleByteReader{input: bufio.NewReader(input)}, nil
		}
	}
	return nil, errors.New("unknown character set " + strconv.Quote(charset))
}

// singleByteReader reads every byte as the character of that number.
type singleByteReader struct {
	input *bufio.Reader
	rest  byte // second byte of a character whose first is out; 0: none
}

func (r *singleByteReader) Read(p []byte) (n int, err error) {
	for n < len(p) {
		if r.rest != 0 {
			p[n], r.rest = r.rest, 0
			n++
			continue
		}
		b, err := r.input.ReadByte()
		if err != nil {
			if n > 0 {
				return n, nil
			}
			return 0, err
		}
		if b < 0x80 {
			p[n] = b
			n++
			continue
		}
		p[n], r.rest = 0xC0|b>>6, 0x80|b&0x3F
		n++
	}
	return n, nil
}

func total(texts []string) (bytes int64) {
	for _, t := range texts {
		bytes += int64(len(t))
	}
	return bytes
}
