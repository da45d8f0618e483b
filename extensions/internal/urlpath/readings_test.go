package urlpath

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestReadings(t *testing.T) {
	for path, want := range map[string][3]string{
		"/a/b":         {"/a/b", "/a/b", "/a/b"},
		"/a/./b/../c":  {"/a/c", "/a/c", "/a/c"},
		"/../../a":     {"/a", "/a", "/a"},
		"/a/..":        {"/", "/", "/"},
		"/a/.":         {"/a/", "/a/", "/a/"},
		"/a//../b":     {"/a/b", "/b", "/b"},
		`/a\..\b`:      {`/a\..\b`, "/b", "/b"},
		"/a;x/..;y/b":  {"/a;x/..;y/b", "/a;x/..;y/b", "/b"},
		"/a/;x//b":     {"/a/;x//b", "/a/;x/b", "/a/b"},
		"/.hidden/..a": {"/.hidden/..a", "/.hidden/..a", "/.hidden/..a"},
		"":             {"", "", ""},
	} {
		assert.Equal(t, want, Readings(path), path)
	}
}
