package main

// anywhere are names that block wherever they stand, in this case only.
var anywhere = []string{
	"50.nu", "Aboundex", "AdsBot-Google", "AppEngine-Google", "Ask Jeeves", "BUbiNG", "BingPreview", "BlogBridge",
	"Bloglovin", "BoardReader Blog Indexer", "BoardReader Favicon Fetcher", "BotName/$BotVersion", "BotSeer",
	"Catchpoint", "Charlotte", "Checklinks", "Cityreview Robot", "Daumoa", "Feed Seeker Bot", "Feedbin",
	"Finderbots", "Flamingo_SearchEngine", "FollowSite Bot", "Genieo", "GomezAgent", "Google SketchUp",
	"Googlebot", "HiddenMarket", "HooWWWer", "Icarus6j", "IconSurf", "IlTrovatore", "InfuzApp", "InternetArchive",
	"Job Roboter", "KaloogaBot", "Kraken", "Kurzor", "LEIA", "LesnikBot", "Linguee Bot", "LinkAider",
	"LinkedInBot", "Lite Bot", "Llaut", "MJ12bot", "Mail.RU_Bot", "Mediapartners-Google",
	"Mtps Feed Aggregation System", "Netvibes", "NewsGator", "Nutch", "Nymesis", "OOZBOT", "ObjectsSearch",
	"OgScrper", "Orbiter", "PagePeeker", "PagesInventory", "PaxleFramework", "Peeplo Screenshot Bot",
	"PlantyNet_WebRobot", "Pompos", "Qwantify", "Read%20Later", "Reaper", "RedCarpet", "Retreiver", "Riddler",
	"Rival IQ", "SEOstats", "Scrapy", "Scrubby", "SemrushBot", "SimplePie", "SimpleRSS", "Simpy",
	"SiteCat Webbot", "SiteCon", "Slack-ImgProxy", "Slackbot-LinkExpanding", "Slurp", "Squrl Java", "Stringer",
	"TheUsefulbot", "ThumbShotsBot", "Thumbshots.ru", "Tiny Tiny RSS", "Twitterbot", "URL2PNG", "Vagabondo",
	"VoilaBot", "Votay bot", "WIRE", "Web-sniffer", "WebThumb", "WhatWeb", "WhatsApp", "WordPress", "Wotbox",
	"Xenu Link Sleuth", "Yahoo! Slurp", "YahooSeeker", "YodaoBot", "YottaaMonitor", "Yowedo", "ZeBot_www.ze.bz",
	"ZooShot", "ZyBorg", "altavista", "archiver", "bingbot", "blitzbot", "charlotte", "clumboot", "findlinks",
	"furlbot", "gigabot", "gonzo1", "grub-client", "heritrix", "holmes", "htdig", "ia_archiver", "ichiro",
	"larbin", "lycos", "masidani_bot", "masscan", "mogimogi", "mozDex", "msnbot", "msrbot", "netresearch",
	"scooter", "searchsight", "seekbot", "semanticdiscovery", "snappy", "www.almaden.ibm.com", "yacy",
}

// versioned are names that block where a word begins with them and a slash and a version follow.
var versioned = []string{
	"008", "Altresium", "Argus", "BaiduMobaider", "BoardReader", "DNSGroup", "DataparkSearch", "EDI", "Goodzer",
	"Grub", "INGRID", "Infohelfer", "LinkedInBot", "LOOQ", "Nutch", "OgScrper", "PathDefender", "Peew",
	"PostPost", "Steeler", "Twitterbot", "VSE", "WebCrunch", "WebZIP", "YahooSeeker", "envolk", "sproose",
	"wminer",
}
