package main

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// rules are the built-in list once more, as the regular expressions that describe it.
var rules = regexp.MustCompile(strings.Join([]string{
	`(?:[Aa]rchiver|[Ii]ndexer|[Ss]craper|[Bb]ot|[Ss]pider|[Cc]rawl[a-z]{0,50})[/ ][0-9]`,
	`[Ss][Pp][Ii][Dd][Ee][Rr]`, `[Cc][Rr][Aa][Ww][Ll]`, `[Ss]crape`,
	`(?:Nutch|Axtaris|fetchurl|Isara|ShopSalad|Tailsweep|[A-z](?:Bot|bot|Spider|spider))[ \-][0-9]`,
	`\b(?:` + strings.Join(versioned, "|") + `|Y!J-BR[A-Z])/[0-9]`,
	`(?:` + quoted(anywhere) + `)`,
	`Accoona-[A-z]{1,30}-Agent`, `archive.{0,30}\.org_bot`, `boitho.{1}com-dc`, `\b\w{0,30}favicon\w{0,30}\b`, `\bYeti`,
	`IP2[a-z]{1,30}Bot`, `jbot\b`, `Microsoft .{0,30} Bot`, `^NING`, `^vortex`, `^voyager`, `^Zao`, `WASALive.{1}Bot`,
	`WeSEE:[A-z]`, `Xenu(?:.s)? Link Sleuth`, `Xerka [A-z]{1,30}Bot`, `Yandex\w`,
}, "|"))

func quoted(texts []string) string {
	list := make([]string, len(texts))
	for i, text := range texts {
		list[i] = regexp.QuoteMeta(text)
	}
	return strings.Join(list, "|")
}

var (
	bots = []string{
		"AcmeBot/3", "GPTBot/1.0", "Crawler 2", "archiver/1", "my Archiver 2", "Indexer/0", "scraper/1", "bot 7",
		"mySPIDERx", "x Scrape y", "cRaWl", "NewsBot-1", "NewsBot 1", "_bot-1", "Axtaris 1", "fetchurl-2", "ShopSalad-3",
		"Grub/1", "x 008/0", "(EDI/1", "Y!J-BRW/1", "Googlebot", "Mozilla/5.0 (compatible; bingbot)", "voyager", "vortex/1", "NING",
		"Zao", "my Yeti", "Yetix", "jbot", "jbot-x", "x jbot/", "favicon", "my_favicon_getter", strings.Repeat("a", 30) + "favicon",
		strings.Repeat("a", 31) + ".favicon", "Accoona-AI-Agent", "archive.org_bot", "archive-it.org_bot", "boitho.com-dc",
		"IP2locationBot", "Microsoft  Bot", "Microsoft URL Bot", "WASALive-Bot", "WASALive\xffBot", "WASALiveéBot", "WeSEE:A", "WeSEE:_", "Xenu Link Sleuth",
		"Xenu's Link Sleuth", "Xenuäs Link Sleuth", "Xerka WebBot", "YandexBot", "Yandex_", "WordPress/6", "WhatsApp/2", "Mail.RU_Bot", "50.nu",
		"Read%20Later", "BotName/$BotVersion", "charlotte", "Charlotte", "Ask Jeeves/Teoma", "1470.net crawler", "BaiDuSpider-Image",
		"Comodo HTTPS Crawler", "CRAWL-E", "OgScrper", "www.almaden.ibm.com/cs",
	}
	others = []string{
		"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/128.0.0.0 Safari/537.36",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148",
		"AcmeBot", "SCRAPE", "okhttp/4.12", "Go-http-client/2.0", "curl/8.5.0", "my voyager", "jbot1", "bot", "Bot/x", "BOT/1", " Bot-1", "1bot-1",
		"xGrub/1", "Grub 1", "Grub/x", "Y!J-BR/1", "Y!J-BRw/1", "googlebot", "Yandex", "Yandex ", "WeSEE:1", "WeSEE:", "xYeti", "IP2Bot", "IP2LBot",
		strings.Repeat("a", 31) + "favicon", "favicon" + strings.Repeat("a", 31), "Favicon", "Accoona--Agent", "boithocom-dc", "boitho..com-dc",
		"Microsoft Bot", "WASALiveBot", "Xenus Link Sleuth", "Xerka Bot", "archive" + strings.Repeat("x", 31) + ".org_bot", "yeti", " NING", "s", "c",
	}
)

func TestTheList(t *testing.T) {
	for _, agent := range bots {
		assert.NotEmpty(t, builtIn(agent), agent)
		assert.True(t, rules.MatchString(agent), agent)
	}
	for _, agent := range others {
		assert.Empty(t, builtIn(agent), agent)
		assert.False(t, rules.MatchString(agent), agent)
	}
	for _, agent := range anywhere {
		assert.NotEmpty(t, builtIn("x"+agent+"x"), agent)
	}
	for _, agent := range versioned {
		assert.NotEmpty(t, builtIn("x "+agent+"/1"), agent)
	}
}

func FuzzTheList(f *testing.F) {
	for _, agent := range append(append([]string{}, bots...), others...) {
		f.Add(agent)
	}
	f.Fuzz(func(t *testing.T, agent string) {
		if found := builtIn(agent); (found != "") != rules.MatchString(agent) {
			t.Fatalf("%q: found %q, the rules say %v", agent, found, rules.FindString(agent))
		}
	})
}

// BenchmarkTheList compares the list with the regular expressions that describe it, for a browser: the ratio is the last
// number.
func BenchmarkTheList(b *testing.B) {
	var list float64
	b.Run("list", func(b *testing.B) {
		for range b.N {
			builtIn(others[0])
		}
		list = float64(b.Elapsed()) / float64(b.N)
	})
	b.Run("expressions", func(b *testing.B) {
		for range b.N {
			rules.MatchString(others[0])
		}
		b.ReportMetric(float64(b.Elapsed())/float64(b.N)/list, "xlist")
	})
}
