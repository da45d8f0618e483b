package oidc

import (
	"encoding/json"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"
)

// browser follows redirects, keeps cookies, and submits forms when it is told to.
type browser struct {
	*testing.T
	client *http.Client
}

func newBrowser(t *testing.T) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &browser{t, &http.Client{Jar: jar, Timeout: 30 * time.Second}}
}

// page is where a browser has ended up.
type page struct {
	status int
	url    *url.URL
	header http.Header
	body   string
}

func (b *browser) do(request *http.Request) page {
	b.Helper()
	response, err := b.client.Do(request)
	if err != nil {
		b.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		b.Fatal(err)
	}
	return page{response.StatusCode, response.Request.URL, response.Header, string(body)}
}

func (b *browser) get(address string) page {
	b.Helper()
	request, err := http.NewRequestWithContext(b.Context(), http.MethodGet, address, nil)
	if err != nil {
		b.Fatal(err)
	}
	return b.do(request)
}

func (b *browser) post(address string, form url.Values) page {
	b.Helper()
	request, err := http.NewRequestWithContext(b.Context(), http.MethodPost, address, strings.NewReader(form.Encode()))
	if err != nil {
		b.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return b.do(request)
}

var (
	formAction = regexp.MustCompile(`<form[^>]* action="([^"]*)"`)
	hidden     = regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)"`)
)

// submit submits the form of a page, with further fields.
func (b *browser) submit(on page, further url.Values) page {
	b.Helper()
	action := formAction.FindStringSubmatch(on.body)
	if action == nil {
		b.Fatalf("%s has no form: %d %s", on.url, on.status, on.body)
	}
	target, err := on.url.Parse(html.UnescapeString(action[1]))
	if err != nil {
		b.Fatal(err)
	}
	form := url.Values{}
	for _, field := range hidden.FindAllStringSubmatch(on.body, -1) {
		form.Set(html.UnescapeString(field[1]), html.UnescapeString(field[2]))
	}
	for name, values := range further {
		form[name] = values
	}
	return b.post(target.String(), form)
}

// cookies are the names of the browser's cookies for a URL.
func (b *browser) cookies(address string) []*http.Cookie {
	b.Helper()
	u, err := url.Parse(address)
	if err != nil {
		b.Fatal(err)
	}
	return b.client.Jar.Cookies(u)
}

// backendSaw reads what the backend answered.
func backendSaw(t *testing.T, p page) seen {
	t.Helper()
	var s seen
	if err := json.Unmarshal([]byte(p.body), &s); err != nil || p.status != 200 {
		t.Fatalf("%s is no answer of the backend: %d %s", p.url, p.status, p.body)
	}
	return s
}
