package state

import (
	"errors"
	"io"
	"strings"
	"time"
)

// runTime is how a run's identity begins: the time in UTC, to the
// millisecond, so that identities sort as the runs began and people can read them.
const runTime = "20060102-150405.000"

// runLetters has no letter that is mistaken for another, and is in byte order.
const runLetters = "0123456789abcdefghjkmnpqrstvwxyz"

// NewRunID returns an identity for a run that begins now, such as
// "20240701-093000-123-k3f9ab". It sorts after last, the newest identity known
// ("" for none), even when the clock went backwards: it then continues one
// millisecond after last. The random letters keep two processes apart that
// begin in the same millisecond.
func NewRunID(now time.Time, random io.Reader, last string) string {
	at := now.UTC().Truncate(time.Millisecond)
	if before, ok := runStarted(last); ok && !at.After(before) {
		at = before.Add(time.Millisecond)
	}
	id := spellRunTime(at) + "-" + letters(random, 6)
	if id <= last {
		// last is no identity of ours, or of a year beyond 9999.
		return last + "-" + letters(random, 6)
	}
	return id
}

func spellRunTime(at time.Time) string {
	return strings.Replace(at.Format(runTime), ".", "-", 1)
}

// runStarted reads the time a run's identity begins with.
func runStarted(id string) (time.Time, bool) {
	if len(id) != len(runTime)+7 || id[15] != '-' || id[19] != '-' {
		return time.Time{}, false
	}
	at, err := time.Parse(runTime, id[:15]+"."+id[16:19])
	return at, err == nil
}

// letters returns n random letters. A source that runs dry leaves zeros: the
// identity is then merely less distinct.
func letters(random io.Reader, n int) string {
	raw := make([]byte, n)
	if got, err := io.ReadFull(random, raw); err != nil && !errors.Is(err, io.EOF) {
		clear(raw[got:])
	}
	for i, b := range raw {
		raw[i] = runLetters[int(b)%len(runLetters)]
	}
	return string(raw)
}
