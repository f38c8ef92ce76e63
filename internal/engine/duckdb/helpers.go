package duckdb

import (
	"sync"
	"time"
)

// helpers decides whether DuckDB has threads of its own. Without them every
// statement runs on its caller's thread; with them DuckDB wakes one for each
// piece of work, however small, and waits for it in a loop: for statements of
// a millisecond that doubles the processor time. So there are none until a
// statement has run for a while, and none again after a row of short ones.
type helpers struct {
	set  func(on bool) error // tells DuckDB
	off  bool                // never any: a single thread, or a locked configuration
	long time.Duration       // how long a statement runs before it gets help

	mu      sync.Mutex
	on      bool
	running int // statements under way
	short   int // short statements since the last long one
}

// longStatement is well above what a model over little data takes and well
// below what anybody waits for; calmAfter avoids turning threads on and off
// between the long statements of one run.
const (
	longStatement = 15 * time.Millisecond
	calmAfter     = 30
)

func newHelpers(threads int, locked bool, set func(on bool) error) *helpers {
	return &helpers{set: set, off: threads < 2 || locked, long: longStatement}
}

// watch is called before a statement and its result after it.
func (h *helpers) watch() func() {
	if h.off {
		return func() {}
	}
	h.mu.Lock()
	h.running++
	h.mu.Unlock()
	timer := time.AfterFunc(h.long, func() { h.change(true) })
	return func() {
		wasShort := timer.Stop()
		h.mu.Lock()
		h.running--
		if wasShort {
			h.short++
		} else {
			h.short = 0
		}
		calm := h.on && h.running == 0 && h.short >= calmAfter
		h.mu.Unlock()
		if calm {
			h.change(false)
		}
	}
}

// change turns the threads on or off. Turning off waits for them to be idle,
// which they are when nothing runs.
func (h *helpers) change(on bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.on == on || !on && h.running > 0 {
		return
	}
	h.short = 0
	if h.set(on) == nil { // otherwise the engine is closing, and nothing is lost but speed
		h.on = on
	}
}
