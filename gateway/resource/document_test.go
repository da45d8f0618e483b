package resource

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const stream = `# a comment alone
---
apiVersion: v1
kind: Service
metadata:
  name: a
  labels: {app.kubernetes.io/name: x}
spec:
  ports:
  - port: 80
  - name: web
    port: 81
--- # the next
kind: ServiceList
items:
- kind: Service
  metadata: {name: b, namespace: ns}
- kind: Service
  metadata:
    name: c
---
base: &base
  deep: 1
kind: Merged
spec:
  <<: *base
  on: yes
`

func TestParse(t *testing.T) {
	docs, problems := Parse("f.yaml", []byte(stream))
	require.Empty(t, problems)
	require.Len(t, docs, 4)
	assert.Equal(t, []string{"Service a", "Service ns/b", "Service c", "Merged"}, []string{docs[0].String(), docs[1].String(), docs[2].String(), docs[3].String()})
	assert.Equal(t, int64(81), docs[0].Spec()["ports"].([]any)[1].(map[string]any)["port"])
	assert.Equal(t, map[string]any{"deep": int64(1), "true": true}, docs[3].Spec(), "YAML 1.1 words, as kubectl reads them")
	for _, c := range []struct {
		doc  int
		path string
		line int
	}{
		{0, "", 3}, {0, "kind", 4}, {0, "metadata.labels[app.kubernetes.io/name]", 7}, {0, "spec.ports[1]", 11}, {0, "spec.ports[1].port", 12},
		{0, "spec.ports[1].absent.field", 11}, {1, "", 16}, {2, "metadata.name", 20}, {3, "spec.deep", 23},
	} {
		assert.Equal(t, c.line, docs[c.doc].LineOf(c.path), "%d %s", c.doc, c.path)
	}
}

func TestBadDocumentsDoNotHideOthers(t *testing.T) {
	docs, problems := Parse("f", []byte("kind: A\n---\nkind: B\nkind: C\n---\n- 1\n---\na: [\n---\nkind: D\n"))
	require.Len(t, docs, 2)
	assert.Equal(t, "D", docs[1].Kind())
	require.Len(t, problems, 3)
	assert.ErrorContains(t, problems[0], `f:4: `)
	assert.ErrorContains(t, problems[0], `"kind" already`)
	assert.ErrorContains(t, problems[1], "f:6: must be a resource")
	assert.ErrorContains(t, problems[2], "f:")
	assert.GreaterOrEqual(t, problems[2].Line, 8)
}

func TestSegmentsAndJoin(t *testing.T) {
	for path, segments := range map[string][]string{
		"spec.rules[0].host":             {"spec", "rules", "0", "host"},
		"metadata.labels[a.b/c]":         {"metadata", "labels", "a.b/c"},
		"a[b c].d":                       {"a", "b c", "d"},
		"spec.matchRules[1].config[x.y]": {"spec", "matchRules", "1", "config", "x.y"},
	} {
		assert.Equal(t, segments, Segments(path))
		assert.Equal(t, path, Join("", segments))
	}
	assert.Equal(t, []string{"a", "b"}, Segments(`a["b"]`))
}
