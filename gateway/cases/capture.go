package cases

import (
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
)

// capture takes the values of a step out of its first response. It does so after a failure too: what comes of that is in
// the next steps' failures.
func (s *stepRun) capture() {
	for name, c := range s.x.Capture {
		value, err := c.value(s.outcomes[0])
		if err != nil {
			s.fail("capture."+name, "a value", err.Error())
			continue
		}
		s.values.known[name] = value
	}
}

// value finds what is to be captured.
func (c *Capture) value(o *outcome) (string, error) {
	text, err := c.text(o)
	if err != nil || c.Matches == "" {
		return text, err
	}
	found := regexp.MustCompile(c.Matches).FindStringSubmatch(text)
	if found == nil {
		return "", fmt.Errorf("%s does not match %s", quote(text), c.Matches)
	}
	return found[min(1, len(found)-1)], nil
}

func (c *Capture) text(o *outcome) (string, error) {
	switch {
	case o.head == nil:
		return "", errors.New("no response")
	case c.Header != "":
		values := o.head.Values(strings.ToLower(c.Header))
		if len(values) == 0 {
			return "", fmt.Errorf("the response has no %s", c.Header)
		}
		return values[0], nil
	case c.Cookie != "":
		for _, line := range o.head.Values("set-cookie") {
			if cookie, err := http.ParseSetCookie(line); err == nil && cookie.Name == c.Cookie {
				return cookie.Value, nil
			}
		}
		return "", fmt.Errorf("the response sets no cookie %s", c.Cookie)
	case c.BodyJSON != "":
		body, err := parseJSON(o.body.kept)
		if err != nil {
			return "", fmt.Errorf("the body is no JSON: %w", err)
		}
		return memberText(body, c.BodyJSON)
	}
	return string(o.body.kept), nil
}

// memberText follows a path such as keys[0].kid through a JSON value.
func memberText(value any, path string) (string, error) {
	for _, step := range strings.Split(strings.ReplaceAll(path, "[", ".["), ".") {
		if step == "" {
			continue
		}
		var ok bool
		if index, isIndex := strings.CutPrefix(step, "["); isIndex {
			list, _ := value.([]any)
			n, err := strconv.Atoi(strings.TrimSuffix(index, "]"))
			if ok = err == nil && n >= 0 && n < len(list); ok {
				value = list[n]
			}
		} else if object, isObject := value.(map[string]any); isObject {
			value, ok = object[step]
		}
		if !ok {
			return "", fmt.Errorf("the body has no %s", path)
		}
	}
	if text, ok := value.(string); ok {
		return text, nil
	}
	return compact(value), nil
}

func (c *checker) capture(path string, x *Exchange) {
	for name, capture := range x.Capture {
		at, set := path+".capture."+name, 0
		for _, field := range []string{capture.Header, capture.Cookie, capture.BodyJSON} {
			if field != "" {
				set++
			}
		}
		if set > 1 {
			c.fail(at, "only one of header, cookie and bodyJSON can be set")
		}
		if _, err := regexp.Compile(capture.Matches); err != nil {
			c.fail(at+".matches", "%v", err)
		}
		if x.Request == nil {
			c.fail(at, "needs a request")
		}
	}
}
