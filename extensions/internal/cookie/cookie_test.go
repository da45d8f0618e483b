package cookie

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestFirst(t *testing.T) {
	for _, tt := range []struct {
		name    string
		cookies []string
		value   string
		ok      bool
	}{
		{"one", []string{"a=1"}, "1", true},
		{"among others", []string{"b=2; a=1;c=3"}, "1", true},
		{"the first counts", []string{"a=1; a=2"}, "1", true},
		{"in a second header", []string{"b=2", "a=1"}, "1", true},
		{"white space", []string{" a =\t1 "}, "1", true},
		{"equals signs", []string{"a=1=2="}, "1=2=", true},
		{"empty", []string{"a="}, "", true},
		{"without equals sign", []string{"a"}, "", true},
		{"quotes belong to it", []string{`a="1"`}, `"1"`, true},
		{"nothing but separators", []string{";;=;;"}, "", false},
		{"names differ by case", []string{"A=1"}, "", false},
		{"a longer name", []string{"aa=1"}, "", false},
		{"none", nil, "", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			headers := [][2]string{{":path", "/"}}
			for _, c := range tt.cookies {
				headers = append(headers, [2]string{"cookie", c})
			}
			value, ok := First(headers, "a")
			assert.Equal(t, tt.value, value)
			assert.Equal(t, tt.ok, ok)
		})
	}
}

func TestPairs(t *testing.T) {
	headers := [][2]string{{"cookie", "a=1;; b = 2 ;c"}, {":path", "/"}, {"cookie", " a=3=4;"}, {"cookie", ""}}
	var pairs [][2]string
	var without []string
	for pair := range Pairs(headers) {
		name, value, ok := Cut(pair)
		pairs = append(pairs, [2]string{name, value})
		if !ok {
			without = append(without, pair)
		}
	}
	assert.Equal(t, [][2]string{{"a", "1"}, {"b", "2"}, {"c", ""}, {"a", "3=4"}}, pairs)
	assert.Equal(t, []string{"c"}, without)
	for pair := range Pairs(headers) {
		assert.Equal(t, "a=1", pair)
		break
	}
}

func FuzzFirst(f *testing.F) {
	f.Add("a=1; b=2", "a")
	f.Add(";;=;a", "")
	f.Fuzz(func(t *testing.T, list, name string) {
		value, ok := First([][2]string{{"cookie", list}}, name)
		if !ok && value != "" || strings.Contains(value, ";") || !strings.Contains(list, value) {
			t.Fatalf("%q has %q", list, value)
		}
	})
}
