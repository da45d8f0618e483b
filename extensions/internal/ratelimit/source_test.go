package ratelimit

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestFirstParam(t *testing.T) {
	tests := []struct {
		name, path string
		want       string
		found      bool
	}{
		{"no query", "/a", "", false},
		{"an empty query", "/a?", "", false},
		{"the first of several", "/a?token=vip-1&token=z", "vip-1", true},
		{"among others", "/a?x=1&token=v&y", "v", true},
		{"decoded value", "/a?token=a%20b+c", "a b c", true},
		{"decoded name", "/a?t%6Fken=v", "v", true},
		{"names are case-sensitive", "/a?Token=v", "", false},
		{"an empty value is a value", "/a?token=", "", true},
		{"so is a name alone", "/a?token", "", true},
		{"everything after the first =", "/a?token=b=c", "b=c", true},
		{"a question mark in the query", "/a?token=b?c", "b?c", true},
		{"a malformed escape elsewhere", "/a?x=%zz&token=v&y=%4", "v", true},
		{"a semicolon elsewhere", "/a?x;y&token=v", "v", true},
		{"a malformed value is left out", "/a?token=%zz&token=v", "v", true},
		{"a value with a semicolon is left out", "/a?token=a;b", "", false},
		{"a path that is no URL", "/%zz?token=v", "v", true},
		{"a path of two slashes", "//token?token=v", "v", true},
		{"a fragment is not part of it", "/a?token=v#x", "v", true},
		{"empty pairs", "/a?&&token=v&&", "v", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			value, ok := firstParam(tt.path, "token", false)
			assert.Equal(t, tt.want, value)
			assert.Equal(t, tt.found, ok)
		})
	}
}

func TestFirstParamUndecoded(t *testing.T) {
	for path, want := range map[string]string{
		"/a?key=tri%61l":     "tri%61l",
		"/a?key=a+b":         "a+b",
		"/a?key=a;b":         "a;b",
		"/a?key=%zz":         "%zz",
		"/a?k%65y=x&key=y":   "y",
		"/a?key=first&key=2": "first",
	} {
		value, ok := firstParam(path, "key", true)
		assert.True(t, ok, path)
		assert.Equal(t, want, value, path)
	}
}

func TestSourceValue(t *testing.T) {
	headers := [][2]string{
		{":path", "/a?token=v"},
		{"x-tenant", "one"}, {"x-tenant", "two"}, {"x-empty", ""},
		{"cookie", "sid=s; none"},
		{"x-real-ip", " 10.8.1.2 , 9.9.9.9"}, {"x-bad-ip", "]"},
	}
	tests := []struct {
		name     string
		source   Source
		want     string
		found    bool
		warnings []string
	}{
		{"the first header of the name", Source{Place: Header, Name: "x-tenant"}, "one", true, nil},
		{"an empty header", Source{Place: Header, Name: "x-empty"}, "", true, nil},
		{"no header", Source{Place: Header, Name: "x-other"}, "", false, nil},
		{"parameter", Source{Place: Param, Name: "token"}, "v", true, nil},
		{"no parameter", Source{Place: Param, Name: "x"}, "", false, nil},
		{"cookie", Source{Place: Cookie, Name: "sid"}, "s", true, nil},
		{"an empty cookie", Source{Place: Cookie, Name: "none"}, "", false, nil},
		{"the first address of a list", Source{Place: HeaderAddress, Name: "x-real-ip"}, "10.8.1.2", true, nil},
		{"no address", Source{Place: HeaderAddress, Name: "x-bad-ip"}, "", false, []string{"failed to get down stream ip: not an address: ]"}},
		{"no header with an address", Source{Place: HeaderAddress, Name: "x-other"}, "", false, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := warned(t)
			value, ok := tt.source.Value(headers)
			assert.Equal(t, tt.warnings, w.lines)
			assert.Equal(t, tt.found, ok)
			assert.Equal(t, tt.want, value.Text)
			assert.Equal(t, ok && tt.source.Place == HeaderAddress, value.Addr.IsValid())
		})
	}
	_, ok := (&Source{Place: Param, Name: "token"}).Value(nil)
	assert.False(t, ok, "a request whose headers cannot be read")
}

func TestAWarningHoldsLittleOfWhatAClientSent(t *testing.T) {
	w := warned(t)
	_, ok := (&Source{Place: HeaderAddress, Name: "ip"}).Value([][2]string{{"ip", strings.Repeat("x", 60000)}})
	assert.False(t, ok)
	assert.Equal(t, []string{"failed to get down stream ip: not an address: " + strings.Repeat("x", 64) + "…"}, w.lines)
}

func TestCounterValue(t *testing.T) {
	long := strings.Repeat("x", 256)
	assert.Equal(t, long, CounterValue(long))
	hashed := CounterValue(long + "x")
	assert.Regexp(t, "^sha256-[0-9a-f]{64}$", hashed)
	assert.NotEqual(t, hashed, CounterValue(long+"y"))
	assert.Equal(t, "", CounterValue(""))
}

// The fuzz targets check that what reads a request cannot panic: a limiter that fails open would let the request pass.

func FuzzParam(f *testing.F) {
	for _, path := range []string{"/", "/?token=1", "/?%74oken=%zz&token", "?", "/?a=1;token=2#x", "/?token=a+b"} {
		f.Add(path)
	}
	f.Fuzz(func(t *testing.T, path string) {
		for _, undecoded := range []bool{false, true} {
			if value, ok := firstParam(path, "token", undecoded); !ok && value != "" || len(value) > len(path) {
				t.Fatalf("%q has %q, %v", path, value, ok)
			}
		}
	})
}

func FuzzAddress(f *testing.F) {
	warned(f)
	for _, text := range []string{"1.2.3.4", "[::1]:9", "]", "[", "::ffff:1.2.3.4", "fe80::1%x", ":", "1.2.3.4:5, x"} {
		f.Add(text)
	}
	networks := &networkKeys{}
	for _, key := range []string{"10.0.0.0/8", "2001:db8::/32", "0.0.0.0/0"} {
		if err := networks.Add(key); err != nil {
			f.Fatal(err)
		}
	}
	source := Source{Place: HeaderAddress, Name: "ip"}
	f.Fuzz(func(t *testing.T, text string) {
		value, ok := source.Value([][2]string{{"ip", text}})
		if ok && networks.Match(value) < 0 {
			t.Fatalf("%s fits no key", value.Text)
		}
	})
}
