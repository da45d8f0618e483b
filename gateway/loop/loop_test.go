package loop

import (
	"slices"
	"sync"
	"testing"
	"time"
)

func TestPostsRunInOrderOnOneGoroutine(t *testing.T) {
	l := New("worker-0")
	defer l.Stop()
	var got, want []int
	for i := range 1000 {
		want = append(want, i)
		l.Post(func() { got = append(got, i) }) // unsynchronised: the race detector proves the single goroutine
	}
	if !l.Do(func() {}) {
		t.Fatal("not run")
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %v", got)
	}
	if l.Name() != "worker-0" {
		t.Errorf("name %q", l.Name())
	}
}

func TestPostFromTheLoopRunsLater(t *testing.T) {
	l := New("")
	defer l.Stop()
	var order []string
	done := make(chan struct{})
	l.Post(func() {
		l.Post(func() { order = append(order, "inner"); close(done) })
		order = append(order, "outer")
	})
	<-done
	if !slices.Equal(order, []string{"outer", "inner"}) {
		t.Errorf("order %v", order)
	}
}

func TestConcurrentPosts(t *testing.T) {
	l := New("")
	defer l.Stop()
	count := 0
	var senders sync.WaitGroup
	for range 8 {
		senders.Go(func() {
			for range 500 {
				l.Post(func() { count++ })
			}
		})
	}
	senders.Wait()
	l.Do(func() {
		if count != 4000 {
			t.Errorf("ran %d", count)
		}
	})
}

func TestAfter(t *testing.T) {
	l := New("")
	defer l.Stop()
	fired := make(chan time.Time)
	start := time.Now()
	l.After(20*time.Millisecond, func() { fired <- time.Now() })
	if at := <-fired; at.Sub(start) < 20*time.Millisecond {
		t.Errorf("fired after %v", at.Sub(start))
	}
}

func TestCancelOnTheLoopIsFinal(t *testing.T) {
	l := New("")
	defer l.Stop()
	ran := false
	l.Do(func() {
		cancel := l.After(time.Nanosecond, func() { ran = true })
		// The timer has most likely fired and posted when this one has; the cancelled function must not run even so.
		later := make(chan struct{})
		time.AfterFunc(5*time.Millisecond, func() { close(later) })
		<-later
		cancel()
		cancel()
	})
	l.Do(func() {})
	if ran {
		t.Error("ran after it was cancelled")
	}
}

func TestStop(t *testing.T) {
	l := New("")
	ran := 0
	started, release, stopped := make(chan struct{}), make(chan struct{}), make(chan struct{})
	l.Post(func() { close(started); <-release })
	<-started
	for range 3 {
		l.Post(func() { ran++ })
	}
	go func() { l.Stop(); close(stopped) }()
	for l.Post(func() {}) { // until the stop is noticed
	}
	close(release)
	<-stopped
	if ran != 3 {
		t.Errorf("ran %d of 3 functions queued before the stop", ran)
	}
	if l.Post(func() { t.Error("ran after stop") }) || l.Do(func() { t.Error("ran after stop") }) {
		t.Error("accepted after stop")
	}
	l.Stop() // again is harmless
}
