package catalog

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Markers of the table of plugins in the checkout's README.
const (
	overviewBegin = "<!-- plugins: generated from plugin.yaml by wasmplane docs -->"
	overviewEnd   = "<!-- /plugins -->"
)

// categories in the order in which the table has them; others follow.
var categories = []string{"auth", "security", "traffic", "transformation", "ai", "mcp", "sample"}

// Overview returns the README of the checkout at root as it is, and as it is with the table of plugins generated anew.
func Overview(root string) (current, generated []byte, err error) {
	current, err = os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		return nil, nil, err
	}
	before, rest, ok := bytes.Cut(current, []byte(overviewBegin))
	_, after, closed := bytes.Cut(rest, []byte(overviewEnd))
	if !ok || !closed {
		return nil, nil, fmt.Errorf("%s: %q and %q must enclose the table of plugins", "README.md", overviewBegin, overviewEnd)
	}
	table, err := overviewTable(root)
	if err != nil {
		return nil, nil, err
	}
	return current, []byte(string(before) + overviewBegin + "\n" + table + overviewEnd + string(after)), nil
}

func overviewTable(root string) (string, error) {
	var plugins []*Plugin
	for _, name := range Names(root) {
		p, err := Load(filepath.Join(root, "extensions", name))
		if err != nil {
			return "", err
		}
		plugins = append(plugins, p)
	}
	slices.SortStableFunc(plugins, func(a, b *Plugin) int { return categoryRank(a) - categoryRank(b) })
	var out strings.Builder
	out.WriteString("| Plugin | Category | What it does |\n| --- | --- | --- |\n")
	for _, p := range plugins {
		fmt.Fprintf(&out, "| [%s](extensions/%s/README.md) | %s | %s |\n", p.Name, p.Name, p.Category, p.Description)
	}
	return out.String(), nil
}

func categoryRank(p *Plugin) int {
	if rank := slices.Index(categories, p.Category); rank >= 0 {
		return rank
	}
	return len(categories)
}
