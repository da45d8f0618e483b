package expr

import (
	"fmt"
	"strconv"
	"time"
)

// Unknown stands for a value that is not there yet, such as one of a response that has not come. What is computed from
// it is Unknown too.
type Unknown struct{ Name string }

// Text is the text of a value: of a time the seconds since 1970, of a duration its seconds.
func Text(value any) (string, error) {
	switch v := value.(type) {
	case string:
		return v, nil
	case int64:
		return strconv.FormatInt(v, 10), nil
	case time.Time:
		return strconv.FormatInt(v.Unix(), 10), nil
	case time.Duration:
		return strconv.FormatInt(int64(v/time.Second), 10), nil
	case Unknown:
		return "unknown-" + v.Name, nil
	case *Key:
		return "", fmt.Errorf("%s is a key: use jwk, jwks or pem to write it", v.name)
	}
	return "", fmt.Errorf("%v has no text", value)
}

// Plain is the value as JSON knows it: an integer of an integer, time or duration, else the text.
func Plain(value any) (any, error) {
	switch v := value.(type) {
	case int64:
		return v, nil
	case time.Time:
		return v.Unix(), nil
	case time.Duration:
		return int64(v / time.Second), nil
	}
	return Text(value)
}

// join is the meaning of + and -.
func join(operator byte, a, b any) (any, error) {
	for _, v := range []any{a, b} {
		if u, ok := v.(Unknown); ok {
			return u, nil
		}
	}
	switch x := a.(type) {
	case time.Time:
		if y, ok := b.(time.Time); ok && operator == '-' {
			return x.Sub(y), nil
		}
		if d, ok := seconds(b); ok {
			return x.Add(signed(operator, d)), nil
		}
	case time.Duration:
		if d, ok := seconds(b); ok {
			return x + signed(operator, d), nil
		}
	case int64:
		if y, ok := b.(int64); ok {
			return x + signed(operator, y), nil
		}
	}
	_, left := a.(string)
	_, right := b.(string)
	if operator == '+' && (left || right) {
		x, err := Text(a)
		if err != nil {
			return nil, err
		}
		y, err := Text(b)
		return x + y, err
	}
	return nil, fmt.Errorf("cannot compute %s %c %s", typeName(a), operator, typeName(b))
}

func signed[T int64 | time.Duration](operator byte, v T) T {
	if operator == '-' {
		return -v
	}
	return v
}

func seconds(v any) (time.Duration, bool) {
	switch d := v.(type) {
	case time.Duration:
		return d, true
	case int64:
		return time.Duration(d) * time.Second, true
	}
	return 0, false
}

func typeName(v any) string {
	switch v.(type) {
	case string:
		return "a text"
	case int64:
		return "an integer"
	case time.Time:
		return "a time"
	case time.Duration:
		return "a duration"
	case *Key:
		return "a key"
	}
	return "an unknown value"
}
