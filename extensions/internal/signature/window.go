package signature

import "time"

// Within tells whether a client's time is at most window away from now, in either direction. No time overflows.
func Within(now, client time.Time, window time.Duration) bool {
	return !client.Before(now.Add(-window)) && !client.After(now.Add(window))
}
