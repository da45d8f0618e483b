package pretty

import (
	"encoding/json"
	"os"
	"strconv"
	"testing"
)

// TestSameAsTheOriginal compares with what version 1.2.1 of the original returned, for hand-written and random JSON.
func TestSameAsTheOriginal(t *testing.T) {
	data, err := os.ReadFile("testdata/original.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		Options             *Options // nil: Pretty
		Input, Pretty, Ugly string
	}
	if err := json.Unmarshal(data, &cases); err != nil {
		t.Fatal(err)
	}
	if len(cases) < 100 {
		t.Fatalf("only %d cases", len(cases))
	}
	for i, c := range cases {
		t.Run(strconv.Itoa(i), func(t *testing.T) {
			got := Pretty([]byte(c.Input))
			if c.Options != nil {
				got = PrettyOptions([]byte(c.Input), c.Options)
			}
			if string(got) != c.Pretty {
				t.Errorf("%s with %+v:\n%s\nwant:\n%s", c.Input, c.Options, got, c.Pretty)
			}
			if got := Ugly([]byte(c.Input)); string(got) != c.Ugly {
				t.Errorf("ugly %s: %s, want %s", c.Input, got, c.Ugly)
			}
		})
	}
}

func TestKeysAreSortedByWhatTheySay(t *testing.T) {
	const input = `{"b":1,"\u0061":2,"\ud83d\ude00":3,"a\/":4,"A":5}`
	const want = "{\n\"A\": 5,\n\"\\u0061\": 2,\n\"a\\/\": 4,\n\"b\": 1,\n\"\\ud83d\\ude00\": 3\n}\n"
	if got := PrettyOptions([]byte(input), &Options{SortKeys: true}); string(got) != want {
		t.Errorf("got\n%s", got)
	}
}

func TestEqualKeysAreSortedByValueAlsoBehindAPrefix(t *testing.T) {
	const input = `{"k":"x","k":2,"k":null,"k":10}`
	const want = "> {\n> \"k\": null,\n> \"k\": 2,\n> \"k\": 10,\n> \"k\": \"x\"\n> }\n"
	got := PrettyOptions([]byte(input), &Options{SortKeys: true, Prefix: "> "})
	if string(got) != want {
		t.Errorf("got\n%s", got)
	}
}

func FuzzMalformedInputDoesNotPanic(f *testing.F) {
	for _, input := range []string{`{"a":[1,2`, `{"a"}`, `[,]`, `"\u12`, `{"\u":1,"\":2}`, `tru`, `]`, `{{"a":1}`, `["\`} {
		f.Add([]byte(input))
	}
	f.Fuzz(func(t *testing.T, input []byte) {
		before := string(input)
		PrettyOptions(input, &Options{Width: 20, SortKeys: true, Indent: " "})
		Pretty(input)
		Ugly(input)
		if string(input) != before {
			t.Fatal("the input was changed")
		}
	})
}
