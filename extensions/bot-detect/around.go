package main

import (
	"strings"
	"unicode/utf8"
)

// What must be around the text of a mark. from and to are its place in the agent.

// foldedSpider and foldedCrawl are the words in any mix of cases.
func foldedSpider(agent string, from, _ int) bool { return hasFolded(agent[from:], "spider") }

func foldedCrawl(agent string, from, _ int) bool { return hasFolded(agent[from:], "crawl") }

func hasFolded(text, word string) bool {
	return len(text) >= len(word) && strings.EqualFold(text[:len(word)], word)
}

// namedVersion is a slash or a space, and a digit: bot/1.
func namedVersion(agent string, _, to int) bool { return version(agent[to:], '/', ' ') }

// spacedVersion is a space or a hyphen, and a digit: Nutch-1.
func spacedVersion(agent string, _, to int) bool { return version(agent[to:], ' ', '-') }

// compoundBot is a letter before, and a spacedVersion after: NewsBot 1.
func compoundBot(agent string, from, to int) bool {
	return from > 0 && isLetterish(rune(agent[from-1])) && spacedVersion(agent, from, to)
}

// slashVersion is the beginning of a word before, and a slash and a digit after: Grub/1.
func slashVersion(agent string, from, to int) bool {
	return wordStart(agent, from, to) && version(agent[to:], '/', '/')
}

// slashVersionOfLetter is a slashVersion after one more capital letter: Y!J-BRW/1.
func slashVersionOfLetter(agent string, from, to int) bool {
	return to < len(agent) && 'A' <= agent[to] && agent[to] <= 'Z' && slashVersion(agent, from, to+1)
}

func version(text string, separator, orSeparator byte) bool {
	return len(text) >= 2 && (text[0] == separator || text[0] == orSeparator) && '0' <= text[1] && text[1] <= '9'
}

func atStart(_ string, from, _ int) bool { return from == 0 }

// wordStart is for texts that begin with a word character.
func wordStart(agent string, from, _ int) bool { return from == 0 || !isWord(rune(agent[from-1])) }

// wordEnd is for texts that end with one.
func wordEnd(agent string, _, to int) bool { return to == len(agent) || !isWord(rune(agent[to])) }

// shortWord is at most 30 word characters on either side.
func shortWord(agent string, from, to int) bool {
	const most = 30
	before, after := from, to
	for before > 0 && isWord(rune(agent[before-1])) {
		before--
	}
	for after < len(agent) && isWord(rune(agent[after])) {
		after++
	}
	return from-before <= most && after-to <= most
}

// then is between low and high characters of a class, and a text after them.
func then(low, high int, class func(rune) bool, text string) func(string, int, int) bool {
	return func(agent string, _, to int) bool {
		rest := agent[to:]
		for n := 0; n <= high; n++ {
			if n >= low && strings.HasPrefix(rest, text) {
				return true
			}
			character, size := utf8.DecodeRuneInString(rest)
			if size == 0 || !class(character) {
				return false
			}
			rest = rest[size:]
		}
		return false
	}
}

func isAny(c rune) bool { return c != '\n' }

func isLower(c rune) bool { return 'a' <= c && c <= 'z' }

// isLetterish is a letter, or one of [ \ ] ^ _ and the back-tick, which stand between the capital and the small ones.
func isLetterish(c rune) bool { return 'A' <= c && c <= 'z' }

func isWord(c rune) bool {
	return isLower(c) || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_'
}
