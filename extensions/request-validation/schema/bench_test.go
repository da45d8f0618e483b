package schema

import (
	"strings"
	"testing"

	santhosh "github.com/santhosh-tekuri/jsonschema/v6"
)

// BenchmarkHostile is what a request can make this package do, and the library that it is compared with.
func BenchmarkHostile(b *testing.B) {
	tests := []struct{ name, schema, document string }{
		{"exponents", `{"items": {"type": "integer"}}`, "[" + strings.Repeat("1e1000000,", 99) + "1e1000000]"},
		{"wrong items", `{"items": {"type": "string"}}`, "[" + strings.Repeat("1,", 500_000) + "1]"},
	}
	for _, tt := range tests {
		b.Run(tt.name+"/schema", func(b *testing.B) {
			s, err := Compile(tt.schema, Draft7)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				d, err := Parse(tt.document)
				if err != nil {
					b.Fatal(err)
				}
				_ = s.Check(d)
			}
		})
		b.Run(tt.name+"/jsonschema", func(b *testing.B) {
			s, err := compileReference(tt.schema, Draft7)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				value, err := santhosh.UnmarshalJSON(strings.NewReader(tt.document))
				if err != nil {
					b.Fatal(err)
				}
				_ = s.Validate(value)
			}
		})
	}
}
