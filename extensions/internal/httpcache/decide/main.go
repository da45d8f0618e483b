// Command decide reads questions, JSON objects one a line, and answers each with a line: what package httpcache makes of a
// response, and of a later request. test/httpcache compares its answers with those of another implementation.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/wasmplane/wasmplane/extensions/internal/httpcache"
)

type message struct {
	Method  string            `json:"method"`
	Headers httpcache.Headers `json:"headers"`
}

type question struct {
	First    message           `json:"first"` // the request that brought the response
	Status   int               `json:"status"`
	Headers  httpcache.Headers `json:"headers"` // of the response
	Received int64             `json:"received"`
	Then     message           `json:"then"` // another request for the same URI
	Now      int64             `json:"now"`  // when that comes
}

type answer struct {
	Storable bool   `json:"storable"`
	Obstacle string `json:"obstacle,omitempty"`
	Lifetime int64  `json:"lifetime"` // s
	Age      int64  `json:"age"`      // s
	Serve    bool   `json:"serve"`
	While    bool   `json:"whileRevalidating"`
}

func (q *question) answer() answer {
	rules := &httpcache.Rules{Keep: 3600 * 1000}
	first := httpcache.Request{Method: q.First.Method, Headers: q.First.Headers}
	entry := httpcache.Entry{Status: q.Status, Headers: q.Headers, Requested: q.Received, Received: q.Received}
	names, _ := httpcache.Varies(q.Headers)
	entry.Selecting = httpcache.Select(q.First.Headers, names)
	obstacle := httpcache.Storable(&first, &entry, rules)
	a := answer{
		Storable: obstacle == "",
		Obstacle: string(obstacle),
		Lifetime: entry.Lifetime(rules) / 1000,
		Age:      entry.Age(q.Now) / 1000,
	}
	then := httpcache.Request{Method: q.Then.Method, Headers: q.Then.Headers}
	if a.Storable && httpcache.Fits(&then, &entry) {
		decision := httpcache.Reuse(&then, &entry, rules, q.Now)
		a.Serve, a.While = decision.Serve, decision.WhileRevalidating
	}
	return a
}

func run(in io.Reader, out io.Writer) error {
	questions, answers := json.NewDecoder(in), bufio.NewWriter(out)
	for {
		var q question
		if err := questions.Decode(&q); errors.Is(err, io.EOF) {
			return answers.Flush()
		} else if err != nil {
			return err
		}
		if err := json.NewEncoder(answers).Encode(q.answer()); err != nil {
			return err
		}
	}
}

func main() {
	if err := run(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "decide:", err)
		os.Exit(1)
	}
}
