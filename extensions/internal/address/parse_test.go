package address

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestParse(t *testing.T) {
	tests := []struct{ text, want string }{
		{"10.8.1.2", "10.8.1.2"},
		{" 10.8.1.2\t", "10.8.1.2"},
		{"10.8.1.2:99", "10.8.1.2"},
		{"10.8.1.2 ", "10.8.1.2"},
		{"::1", "::1"},
		{"[::1]", "::1"},
		{"[::1]:99", "::1"},
		{"2001:DB8:0:0::1", "2001:db8::1"},
		{"::ffff:1.2.3.4", "1.2.3.4"},
		{"[::ffff:102:304]:99", "1.2.3.4"},
		{"fe80::1%eth0", "fe80::1"},
		{"[fe80::1%eth0]:99", "fe80::1"},
		{"::ffff:1.2.3.4%eth0", "1.2.3.4"},
		{"", ""},
		{"]", ""},
		{"[", ""},
		{"[]", ""},
		{"[::1", ""},
		{"[::1]x", ""},
		{":", ""},
		{":99", ""},
		{"1.2.3", ""},
		{"1.2.3.4.5", ""},
		{"1.2.3.256", ""},
		{"01.2.3.4", ""},
		{"1.2.3.4/32", ""},
		{"unknown", ""},
		{"a.example:80", ""},
		{"10.0.0.1\r\nx: y", ""},
	}
	for _, tt := range tests {
		t.Run(tt.text, func(t *testing.T) {
			addr, err := Parse(tt.text)
			if tt.want == "" {
				assert.EqualError(t, err, "not an address: "+tt.text)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, tt.want, addr.String())
		})
	}
	_, err := Parse(strings.Repeat("x", 60000))
	assert.EqualError(t, err, "not an address: "+strings.Repeat("x", 64)+"…", "a client does not fill the log")
}

func TestParsePrefix(t *testing.T) {
	tests := []struct{ text, want, err string }{
		{"10.0.0.1", "10.0.0.1/32", ""},
		{"10.1.2.3/8", "10.0.0.0/8", ""},
		{"0.0.0.0/0", "0.0.0.0/0", ""},
		{"2001:db8::1", "2001:db8::1/128", ""},
		{"2001:DB8:1::5/48", "2001:db8:1::/48", ""},
		{"::/0", "::/0", ""},
		{"::ffff:10.1.2.3", "10.1.2.3/32", ""},
		{"::ffff:10.1.2.3/104", "10.0.0.0/8", ""},
		{"::ffff:0:0/95", "::fffe:0:0/95", ""},
		{"", "", "not an IP address"},
		{"300.1.1.1", "", "not an IP address"},
		{"1..2.3", "", "not an IP address"},
		{"10.0.0.0.0/8", "", "not an IP address"},
		{"/8", "", "not an IP address"},
		{"a.example", "", "not an IP address"},
		{" 10.0.0.1", "", "not an IP address"},
		{"fe80::1%eth0", "", "an address with a zone"},
		{"fe80::1%eth0/64", "", "an address with a zone"},
		{"10.0.0.0/33", "", "the prefix length must be between 0 and 32"},
		{"10.0.0.0/-1", "", "the prefix length must be between 0 and 32"},
		{"10.0.0.0/", "", "the prefix length must be between 0 and 32"},
		{"10.0.0.0/08", "", "the prefix length must be between 0 and 32"},
		{"10.0.0.0/255.0.0.0", "", "the prefix length must be between 0 and 32"},
		{"::/129", "", "the prefix length must be between 0 and 128"},
		{"::/99999999999999999999", "", "the prefix length must be between 0 and 128"},
	}
	for _, tt := range tests {
		t.Run(tt.text, func(t *testing.T) {
			prefix, err := ParsePrefix(tt.text)
			if tt.err != "" {
				assert.EqualError(t, err, tt.err)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, tt.want, prefix.String())
		})
	}
}

func FuzzParse(f *testing.F) {
	for _, text := range []string{"1.2.3.4", "[::1]:9", "]", "[", "::ffff:1.2.3.4", "fe80::1%x", ":", "1.2.3.4:5, x"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		addr, err := Parse(First(text))
		if err != nil {
			return
		}
		again, err := Parse(addr.String())
		if err != nil || again != addr || addr.Is4In6() || addr.Zone() != "" {
			t.Fatalf("%q is %s, then %s, %v", text, addr, again, err)
		}
	})
}

func FuzzParsePrefix(f *testing.F) {
	for _, text := range []string{"1.2.3.4", "10.0.0.0/8", "::/0", "::ffff:1.2.3.4/100", "fe80::1%x/64", "1.2.3.4/33", "/"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		prefix, err := ParsePrefix(text)
		if err != nil {
			return
		}
		again, err := ParsePrefix(prefix.String())
		if err != nil || again != prefix || prefix != prefix.Masked() {
			t.Fatalf("%q is %s, then %s, %v", text, prefix, again, err)
		}
		var b Builder
		if err := b.Add(prefix); err != nil {
			t.Fatal(err)
		}
		set, _ := b.Build()
		if !set.Contains(prefix.Addr()) {
			t.Fatalf("%s does not hold %s", prefix, prefix.Addr())
		}
		if before := prefix.Addr().Prev(); before.IsValid() && set.Contains(before) {
			t.Fatalf("%s holds %s", prefix, before)
		}
	})
}

func TestClientOfAList(t *testing.T) {
	proxies := setOf(t, "10.0.0.0/8", "2001:db8::/32")
	tests := []struct {
		name   string
		source Source
		list   string
		want   string // "": none
	}{
		{"the last that is no proxy", Source{Trusted: proxies}, "6.6.6.6, 203.0.113.9, 10.1.1.1, 10.2.2.2", "203.0.113.9"},
		{"what a client forges is not looked at", Source{Trusted: proxies}, "]x, 203.0.113.9, 10.1.1.1", "203.0.113.9"},
		{"with ports", Source{Trusted: proxies}, "203.0.113.9:77,[2001:db8::1]:8080", "203.0.113.9"},
		{"nothing but proxies: the first", Source{Trusted: proxies}, "10.3.3.3, 10.1.1.1", "10.3.3.3"},
		{"a proxy that writes nonsense", Source{Trusted: proxies}, "203.0.113.9, unknown, 10.1.1.1", ""},
		{"no list", Source{Trusted: proxies}, "", ""},
		{"an empty element", Source{Trusted: proxies}, "203.0.113.9,", ""},
		{"the last", Source{Hops: 1}, "6.6.6.6, 203.0.113.9", "203.0.113.9"},
		{"the second from the end", Source{Hops: 2}, "6.6.6.6, 203.0.113.9, 198.51.100.1", "203.0.113.9"},
		{"elements behind it are not read", Source{Hops: 2}, "203.0.113.9, nonsense", "203.0.113.9"},
		{"a list that is too short", Source{Hops: 2}, "203.0.113.9", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			addr, err := tt.source.fromList(tt.list)
			if tt.want == "" {
				assert.Error(t, err)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, tt.want, addr.String())
		})
	}
}

func FuzzClientOfAList(f *testing.F) {
	for _, list := range []string{"", ",", "10.0.0.1, 1.2.3.4", ",,10.0.0.1", "1.2.3.4, 10.0.0.1,10.0.0.2"} {
		f.Add(list, 0)
		f.Add(list, 2)
	}
	proxies := setOf(f, "10.0.0.0/8")
	f.Fuzz(func(t *testing.T, list string, hops int) {
		source := Source{Trusted: proxies}
		if hops > 0 {
			source = Source{Hops: hops}
		}
		addr, err := source.fromList(list)
		if err != nil {
			return
		}
		for _, element := range strings.Split(list, ",") {
			if a, err := Parse(element); err == nil && a == addr {
				return
			}
		}
		t.Fatalf("%s is not in %q", addr, list)
	})
}

func setOf(t testing.TB, networks ...string) *Set {
	t.Helper()
	var b Builder
	for _, text := range networks {
		require.NoError(t, b.Add(mustPrefix(t, text)))
	}
	set, _ := b.Build()
	return set
}

func mustPrefix(t testing.TB, text string) netip.Prefix {
	t.Helper()
	prefix, err := ParsePrefix(text)
	require.NoError(t, err, text)
	return prefix
}
