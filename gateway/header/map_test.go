package header

import (
	"slices"
	"testing"
)

func TestWrites(t *testing.T) {
	type pairs = [][2]string
	for _, tc := range []struct {
		name  string
		start pairs
		do    func(*Map)
		want  pairs
	}{
		{"names are lower-cased, order is kept", pairs{{"B", "1"}, {"A", "2"}, {"b", "3"}}, func(*Map) {},
			pairs{{"b", "1"}, {"a", "2"}, {"b", "3"}}},
		{"append never joins", pairs{{"content-type", "a"}}, func(m *Map) { m.Append("Content-Type", "b") },
			pairs{{"content-type", "a"}, {"content-type", "b"}}},
		{"add gives an ordinary name a further entry", pairs{{"x", "1"}}, func(m *Map) { m.Add("X", "2") },
			pairs{{"x", "1"}, {"x", "2"}}},
		{"add joins a built-in name with a comma", pairs{{"x-forwarded-for", "1"}, {"z", ""}}, func(m *Map) { m.Add("X-Forwarded-For", "2") },
			pairs{{"x-forwarded-for", "1,2"}, {"z", ""}}},
		{"add joins cookies with a semicolon", pairs{{"cookie", "a=1"}}, func(m *Map) { m.Add("cookie", "b=2") },
			pairs{{"cookie", "a=1; b=2"}}},
		{"add never joins set-cookie", pairs{{"set-cookie", "a"}}, func(m *Map) { m.Add("set-cookie", "b") },
			pairs{{"set-cookie", "a"}, {"set-cookie", "b"}}},
		{"add onto an empty value joins nothing", pairs{{"via", ""}}, func(m *Map) { m.Add("via", "x") }, pairs{{"via", "x"}}},
		{"add of an absent built-in name", nil, func(m *Map) { m.Add("via", "x") }, pairs{{"via", "x"}}},
		{"set keeps the first place and drops the rest", pairs{{"x", "1"}, {"y", "2"}, {"x", "3"}}, func(m *Map) { m.Set("X", "4") },
			pairs{{"x", "4"}, {"y", "2"}}},
		{"set adds an absent name at the end", pairs{{"x", "1"}}, func(m *Map) { m.Set("y", "2") }, pairs{{"x", "1"}, {"y", "2"}}},
		{"remove drops all of the name", pairs{{"x", "1"}, {"y", "2"}, {"x", "3"}}, func(m *Map) { m.Remove("X") }, pairs{{"y", "2"}}},
		{"host is :authority", pairs{{":authority", "a"}}, func(m *Map) { m.Set("Host", "b") }, pairs{{":authority", "b"}}},
		{"clear", pairs{{"x", "1"}}, (*Map).Clear, pairs{}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			m := New(tc.start...)
			tc.do(m)
			if got := m.Pairs(); !slices.Equal(got, tc.want) {
				t.Errorf("got %v, want %v", got, tc.want)
			}
		})
	}
}

func TestReads(t *testing.T) {
	m := New([2]string{"x", "1"}, [2]string{"host", "h"}, [2]string{"X", ""})
	if v, ok := m.Get("X"); v != "1" || !ok {
		t.Errorf("get: %q %v", v, ok)
	}
	if v, ok := m.Get("y"); v != "" || ok || m.Has("y") || m.Value("y") != "" {
		t.Errorf("get of an absent name: %q %v", v, ok)
	}
	if got := m.Values("x"); !slices.Equal(got, []string{"1", ""}) {
		t.Errorf("values: %q", got)
	}
	if m.Value("HOST") != "h" || m.Value(":authority") != "h" {
		t.Error("host and :authority are one slot")
	}
	if m.Len() != 3 || m.ByteSize() != len("x1")+len(":authorityh")+len("x") {
		t.Errorf("len %d, bytes %d", m.Len(), m.ByteSize())
	}
	if m.Remove("x") != 2 || m.Remove("x") != 0 {
		t.Error("remove must count")
	}
}

func TestNilMapReadsAsEmpty(t *testing.T) {
	var m *Map
	if m.Len() != 0 || m.ByteSize() != 0 || m.Has("x") || m.Values("x") != nil || m.Entries() != nil ||
		m.Clone() != nil || len(m.Pairs()) != 0 || m.Remove("x") != 0 {
		t.Error("a nil map must read as empty")
	}
}

func TestCloneIsIndependent(t *testing.T) {
	m := New([2]string{"x", "1"}, [2]string{"y", "2"})
	c := m.Clone()
	m.Remove("x")
	m.Set("y", "3")
	c.Append("z", "4")
	if !slices.Equal(c.Pairs(), [][2]string{{"x", "1"}, {"y", "2"}, {"z", "4"}}) || !slices.Equal(m.Pairs(), [][2]string{{"y", "3"}}) {
		t.Errorf("clone %v, original %v", c.Pairs(), m.Pairs())
	}
}
