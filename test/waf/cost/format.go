package main

import (
	"fmt"
	"slices"
	"time"
)

func median(times []time.Duration) time.Duration {
	slices.Sort(times)
	return times[len(times)/2]
}

func rounded(d time.Duration) time.Duration {
	switch {
	case d > time.Second:
		return d.Round(10 * time.Millisecond)
	case d > time.Millisecond:
		return d.Round(10 * time.Microsecond)
	}
	return d.Round(time.Microsecond)
}

func bytesText(n int) string {
	if n < 1<<10 {
		return ""
	}
	return fmt.Sprintf("%d KiB", n>>10)
}
