package main

import (
	"errors"
	"io"
	"strconv"
	"strings"

	"github.com/corazawaf/coraza/v3/experimental/plugins"
	"github.com/corazawaf/coraza/v3/experimental/plugins/plugintypes"
	"github.com/tidwall/gjson"
)

// jsonProcessor reads JSON bodies for the rules: every value is an argument, named by its path with json in front, and so
// is the length of every array. The engine's own processor reads what is in an object or array again at each level, up to
// a thousand times; this one reads every byte once, and stops where the limits are reached. What could be read is examined
// all the same.
type jsonProcessor struct{}

var _ plugintypes.BodyProcessor = jsonProcessor{}

func init() {
	plugins.RegisterBodyProcessor("json", func() plugintypes.BodyProcessor { return jsonProcessor{} })
}

// ProcessRequest implements plugintypes.BodyProcessor.
func (jsonProcessor) ProcessRequest(reader io.Reader, v plugintypes.TransactionVariables, o plugintypes.BodyProcessorOptions) error {
	return addJSON(reader, v, o.RequestBodyRecursionLimit, o.ArgumentLimit, v.ArgsPost())
}

// ProcessResponse implements plugintypes.BodyProcessor.
func (jsonProcessor) ProcessResponse(reader io.Reader, v plugintypes.TransactionVariables, o plugintypes.BodyProcessorOptions) error {
	return addJSON(reader, v, o.ResponseBodyRecursionLimit, o.ArgumentLimit, v.ResponseArgs())
}

// addJSON adds the values of a body to into.
func addJSON(reader io.Reader, v plugintypes.TransactionVariables, depthLimit, argumentLimit int, into interface{ Add(key, value string) }) error {
	body, err := readText(reader)
	if err != nil {
		return err
	}
	r := jsonReader{text: body, depthLimit: depthLimit, argumentLimit: argumentLimit, budget: jsonBudget(len(body))}
	err = r.read()
	for _, a := range r.arguments {
		into.Add(a[0], a[1])
	}
	if r.truncated {
		setSingle(v.ArgumentsLimitReached(), "1")
	}
	return err
}

func readText(reader io.Reader) (string, error) {
	var text strings.Builder
	_, err := io.Copy(&text, reader)
	return text.String(), err
}

// Names repeat the whole path for every value, so the arguments of a document can be many times as long as it is. As in
// the engine's own processor they may have eight times its length, or this many bytes.
const (
	jsonGrowth      = 8
	leastJSONBudget = 4096
)

// jsonBudget is how many bytes the arguments of a body of that length may have. Where max_argument_bytes holds there is no
// use in more than that beside the body itself.
func jsonBudget(length int) int {
	budget := max(jsonGrowth*length, leastJSONBudget)
	if running != nil && running.engine.bounded && running.engine.bounds.argumentBytes > 0 {
		budget = min(budget, length+max(int(running.engine.bounds.argumentBytes), leastJSONBudget))
	}
	return budget
}

var (
	errJSONSyntax = errors.New("invalid JSON")
	errJSONDepth  = errors.New("max recursion reached while reading json object")
	errJSONBudget = errors.New("the names of the values in the JSON text are too long")
)

// jsonReader turns a JSON text (RFC 8259) into arguments in one pass.
type jsonReader struct {
	text          string
	depthLimit    int // of objects and arrays in each other
	argumentLimit int // of values, and of lengths of arrays; 0: unlimited
	budget        int // bytes of names and values

	at        int    // the next byte
	name      []byte // path of the current value
	used      int    // of the budget
	values    int
	lengths   int
	truncated bool // there are more values than the limit; what follows is read, but is no argument
	arguments [][2]string
}

// read reads the whole text. After an error the arguments are those in front of it.
func (r *jsonReader) read() error {
	r.name = []byte("json")
	r.skipSpace()
	var err error
	if r.peek() == '{' || r.peek() == '[' {
		err = r.value(0)
	} else {
		err = r.lone()
	}
	if err != nil {
		return err
	}
	r.skipSpace()
	if r.at != len(r.text) {
		return errJSONSyntax
	}
	return nil
}

// lone reads a text that is a single value: it counts as an array of one.
func (r *jsonReader) lone() error {
	r.name = append(r.name, ".0"...)
	if err := r.scalar(); err != nil {
		return err
	}
	r.name = r.name[:len("json")]
	return r.length(1)
}

// value reads a value that is in that many objects and arrays.
func (r *jsonReader) value(depth int) error {
	r.truncated = r.truncated || r.argumentLimit > 0 && r.values >= r.argumentLimit
	open := r.peek()
	if open != '{' && open != '[' {
		return r.scalar()
	}
	if depth >= r.depthLimit {
		return errJSONDepth
	}
	closing := open + 2 // in ASCII, of both
	r.at++
	parent := len(r.name)
	for count := 0; ; count++ {
		r.skipSpace()
		if r.peek() == closing {
			r.at++
			if open == '[' && count > 0 {
				return r.length(count)
			}
			return nil
		}
		if count > 0 {
			if r.peek() != ',' {
				return errJSONSyntax
			}
			r.at++
			r.skipSpace()
		}
		r.name = append(r.name, '.')
		if open == '{' {
			if err := r.member(); err != nil {
				return err
			}
		} else {
			r.name = strconv.AppendInt(r.name, int64(count), 10)
		}
		if err := r.value(depth + 1); err != nil {
			return err
		}
		r.name = r.name[:parent]
	}
}

// member reads a member's name, and what is in front of its value.
func (r *jsonReader) member() error {
	if r.peek() != '"' {
		return errJSONSyntax
	}
	token, err := r.token()
	if err != nil {
		return err
	}
	r.name = append(r.name, plainText(token)...)
	r.skipSpace()
	if r.peek() != ':' {
		return errJSONSyntax
	}
	r.at++
	r.skipSpace()
	return nil
}

// scalar reads a string, a number, true, false or null.
func (r *jsonReader) scalar() error {
	token, err := r.token()
	if err != nil || r.truncated {
		return err
	}
	r.values++
	return r.add(plainText(token))
}

// length adds the length of an array under its name, unless values in it are missing.
func (r *jsonReader) length(count int) error {
	if r.truncated {
		return nil
	}
	if r.argumentLimit > 0 && r.lengths >= r.argumentLimit {
		r.truncated = true
		return nil
	}
	r.lengths++
	return r.add(strconv.Itoa(count))
}

func (r *jsonReader) add(value string) error {
	r.used += len(r.name) + len(value)
	if r.used > r.budget {
		return errJSONBudget
	}
	r.arguments = append(r.arguments, [2]string{string(r.name), value})
	return nil
}

// token reads a scalar as it is written.
func (r *jsonReader) token() (string, error) {
	start := r.at
	if r.peek() == '"' {
		r.at++
		for r.at < len(r.text) && r.text[r.at] != '"' {
			if r.text[r.at] == '\\' {
				r.at++
			}
			r.at++
		}
		r.at = min(r.at+1, len(r.text))
	} else {
		for r.at < len(r.text) && strings.IndexByte(" \t\r\n,:]}[{\"", r.text[r.at]) < 0 {
			r.at++
		}
	}
	token := r.text[start:r.at]
	if !gjson.Valid(token) {
		return "", errJSONSyntax
	}
	return token, nil
}

// plainText is what a valid scalar stands for: a string's text, nothing for null, otherwise the token.
func plainText(token string) string {
	switch token[0] {
	case '"':
		if strings.IndexByte(token, '\\') < 0 {
			return token[1 : len(token)-1]
		}
		return gjson.Parse(token).Str
	case 'n':
		return ""
	}
	return token
}

// peek is the next byte, 0 at the end.
func (r *jsonReader) peek() byte {
	if r.at < len(r.text) {
		return r.text[r.at]
	}
	return 0
}

func (r *jsonReader) skipSpace() {
	for r.at < len(r.text) && strings.IndexByte(" \t\r\n", r.text[r.at]) >= 0 {
		r.at++
	}
}
