package main

import "strings"

// mark is a text that gives a bot away, and what must be around it.
type mark struct {
	text string
	// around decides about the text at agent[from:to]; nil takes it wherever it stands.
	around func(agent string, from, to int) bool
}

// marks are the built-in list by the first byte of their texts, so that an agent is read once. `spider`, `crawl` and
// `scrape` block by themselves and stand for all names with them.
var marks = byFirstByte([]group{
	{texts: []string{"scrape", "Scrape"}},
	{around: foldedSpider, texts: []string{"s", "S"}},
	{around: foldedCrawl, texts: []string{"c", "C"}},
	{around: namedVersion, texts: []string{"archiver", "Archiver", "indexer", "Indexer", "bot", "Bot"}},
	{around: spacedVersion, texts: []string{"Nutch", "Axtaris", "fetchurl", "Isara", "ShopSalad", "Tailsweep"}},
	{around: compoundBot, texts: []string{"Bot", "bot"}},
	{around: slashVersion, texts: versioned},
	{around: slashVersionOfLetter, texts: []string{"Y!J-BR"}},
	{texts: anywhere},
	{around: atStart, texts: []string{"NING", "vortex", "voyager", "Zao"}},
	{around: wordStart, texts: []string{"Yeti"}},
	{around: wordEnd, texts: []string{"jbot"}},
	{around: shortWord, texts: []string{"favicon"}},
	{around: then(1, 30, isLetterish, "-Agent"), texts: []string{"Accoona-"}},
	{around: then(0, 30, isAny, ".org_bot"), texts: []string{"archive"}},
	{around: then(1, 1, isAny, "com-dc"), texts: []string{"boitho"}},
	{around: then(1, 30, isLower, "Bot"), texts: []string{"IP2"}},
	{around: then(0, 30, isAny, " Bot"), texts: []string{"Microsoft "}},
	{around: then(1, 1, isAny, "Bot"), texts: []string{"WASALive"}},
	{around: then(1, 1, isLetterish, ""), texts: []string{"WeSEE:"}},
	{around: then(1, 1, isAny, "s Link Sleuth"), texts: []string{"Xenu"}},
	{around: then(1, 30, isLetterish, "Bot"), texts: []string{"Xerka "}},
	{around: then(1, 1, isWord, ""), texts: []string{"Yandex"}},
})

type group struct {
	texts  []string
	around func(agent string, from, to int) bool
}

func byFirstByte(groups []group) (table [256][]mark) {
	for _, g := range groups {
		for _, text := range g.texts {
			table[text[0]] = append(table[text[0]], mark{text, g.around})
		}
	}
	return table
}

// builtIn returns the text by which an agent is known as a bot, "" if it is not. It takes time in proportion to the length
// of the agent.
func builtIn(agent string) string {
	for i := range len(agent) {
		for _, m := range marks[agent[i]] {
			if strings.HasPrefix(agent[i:], m.text) && (m.around == nil || m.around(agent, i, i+len(m.text))) {
				return m.text
			}
		}
	}
	return ""
}
