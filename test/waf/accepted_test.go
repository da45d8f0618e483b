package waf

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

// accepted is hosts.yaml: what a test that fails on an engine must show for that to be the host's doing.
type accepted struct {
	Groups []acceptedGroup `json:"groups"`
}

type acceptedGroup struct {
	Tests   []string `json:"tests"`
	Engines []string `json:"engines"` // gateway, envoy
	Why     string   `json:"why"`
	// Answers is the status of the host's own answer to a request that no plugin saw.
	Answers int `json:"answers,omitempty"`
	// Unseen is the header, and Seen the text, that tell in the plugin's record of the request that the host rewrote it.
	Unseen string `json:"unseen,omitempty"`
	Seen   string `json:"seen,omitempty"`
}

// holds checks the evidence.
func (g *acceptedGroup) holds(o outcome) error {
	saw := strings.Contains(o.note, "the plugin saw {")
	switch {
	case g.Answers != 0 && saw:
		return errors.New("the plugin saw it")
	case g.Answers != 0 && o.status != g.Answers:
		return fmt.Errorf("the host's answer is %d", o.status)
	case g.Unseen != "" && (!saw || strings.Contains(o.note, `["`+g.Unseen+`",`)):
		return errors.New("the plugin saw the header " + g.Unseen)
	case g.Seen != "" && !strings.Contains(o.note, g.Seen):
		return errors.New("the plugin did not see " + g.Seen)
	}
	return nil
}

func readAccepted(t *testing.T) *accepted {
	t.Helper()
	text, err := os.ReadFile("hosts.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var a accepted
	if err := yaml.UnmarshalStrict(text, &a); err != nil {
		t.Fatal(err)
	}
	for i, g := range a.Groups {
		if len(g.Tests) == 0 || len(g.Engines) == 0 || g.Why == "" || g.Answers == 0 && g.Unseen == "" && g.Seen == "" {
			t.Errorf("hosts.yaml: groups[%d]: needs tests, engines, why, and one of answers, unseen and seen", i)
		}
	}
	return &a
}

// lists reports whether a test is listed for any engine.
func (a *accepted) lists(test string) bool {
	return slices.ContainsFunc(a.Groups, func(g acceptedGroup) bool { return slices.Contains(g.Tests, test) })
}

// on returns the group of a test on an engine, or nil.
func (a *accepted) on(engine, test string) *acceptedGroup {
	for i := range a.Groups {
		g := &a.Groups[i]
		if slices.Contains(g.Engines, engine) && slices.Contains(g.Tests, test) {
			return g
		}
	}
	return nil
}
