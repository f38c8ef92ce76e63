package http

import (
	"context"
	nethttp "net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/larder-data/larder/internal/fault"
)

// Clock tells the time and waits; tests have one of their own.
type Clock struct {
	Now    func() time.Time
	Wait   func(ctx context.Context, d time.Duration) error
	Jitter func() float64 // from 0 up to 1
}

// wait waits in real time.
func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return stopped(ctx)
	}
}

func stopped(ctx context.Context) error {
	return fault.New(fault.Interrupted, "stopped while asking: %w", context.Cause(ctx))
}

// The pauses between attempts: the first, and the longest.
const (
	firstPause   = time.Second
	longestPause = time.Minute
	// longestAsked is the longest pause a service may ask for.
	longestAsked = 15 * time.Minute
)

// backoff is the pause after an attempt, counted from 1: twice as long each
// time, half of it by chance, so that many who wait do not come back at once.
func (c Clock) backoff(attempt int) time.Duration {
	pause := longestPause
	if attempt < 7 {
		pause = min(firstPause<<(attempt-1), longestPause)
	}
	return pause/2 + time.Duration(c.Jitter()*float64(pause/2))
}

// retryAfter reads a Retry-After header: seconds or a date (RFC 9110, 10.2.3).
func retryAfter(header string, now time.Time) (time.Duration, bool) {
	header = strings.TrimSpace(header)
	if seconds, err := strconv.ParseInt(header, 10, 64); err == nil && seconds >= 0 {
		return time.Duration(min(seconds, int64(365*day/time.Second))) * time.Second, true
	}
	at, err := nethttp.ParseTime(header)
	if err != nil {
		return 0, false
	}
	return min(max(at.Sub(now), 0), 365*day), true
}

// pacer keeps the requests to a service apart.
type pacer struct {
	mu   sync.Mutex
	next time.Time
}

// turn waits for the next request's turn.
func (p *pacer) turn(ctx context.Context, c Clock, pause time.Duration) error {
	p.mu.Lock()
	now := c.Now()
	at := now
	if p.next.After(now) {
		at = p.next
	}
	p.next = at.Add(pause)
	p.mu.Unlock()
	if d := at.Sub(now); d > 0 {
		return c.Wait(ctx, d)
	}
	return nil
}

// hold keeps all requests back, as the service asked.
func (p *pacer) hold(until time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if until.After(p.next) {
		p.next = until
	}
}

// breaker stops asking a host that does not answer, for a while.
type breaker struct {
	mu     sync.Mutex
	failed int
	since  time.Time
	last   string
}

// A host that failed so often in a row is left alone for so long.
const (
	breaksAfter = 20
	breaksFor   = time.Minute
)

func (b *breaker) open(now time.Time, host string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.failed < breaksAfter || now.Sub(b.since) >= breaksFor {
		return nil
	}
	return fault.New(fault.Unreachable, "%s failed %d times in a row and is left alone until %s; the last time: %s",
		host, b.failed, b.since.Add(breaksFor).UTC().Format("15:04:05"), b.last).WithHint("look at the service's status page; the next run asks again")
}

func (b *breaker) note(now time.Time, problem string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if problem == "" {
		b.failed = 0
		return
	}
	b.failed++
	b.since, b.last = now, problem
}
