package engine

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/table"
)

// KnownLoad is a load a warehouse holds, with those it supersedes.
type KnownLoad struct {
	HeldLoad
	Supersedes []string
}

// Change is what a Landing does to the loads a warehouse holds: the same for
// every adapter, whatever SQL it makes of it.
type Change struct {
	Landing
	Held    []KnownLoad
	Arrived []ArchivedLoad    // not held yet, by sequence
	Fresh   []ArchivedLoad    // those of them that are current
	Retired []string          // held loads that were current and no longer are
	Dead    map[string]string // load held or arrived -> the load that supersedes it
}

// Compare holds a landing against the loads there are. A load may arrive after
// the one that supersedes it; loads held already are passed over. A landing that
// does not say how rows compete is Invalid.
func Compare(l Landing, held []KnownLoad) (Change, error) {
	c := Change{Landing: l, Held: held, Dead: map[string]string{}}
	if err := l.competes(); err != nil {
		return c, err
	}
	holds := map[string]bool{}
	for _, h := range held {
		holds[h.ID] = true
		for _, id := range h.Supersedes {
			c.Dead[id] = h.ID
		}
	}
	for _, load := range l.Loads {
		if holds[load.ID] {
			continue
		}
		holds[load.ID] = true
		c.Arrived = append(c.Arrived, load)
		for _, id := range load.Supersedes {
			c.Dead[id] = load.ID
		}
	}
	slices.SortStableFunc(c.Arrived, func(a, b ArchivedLoad) int { return cmp.Compare(a.Sequence, b.Sequence) })
	for _, h := range held {
		if h.SupersededBy == "" && c.Dead[h.ID] != "" {
			c.Retired = append(c.Retired, h.ID)
		}
	}
	for _, load := range c.Arrived {
		if c.Dead[load.ID] == "" {
			c.Fresh = append(c.Fresh, load)
		}
	}
	return c, nil
}

// competes refuses a landing that does not say how rows compete.
func (l Landing) competes() error {
	by, known := map[Mode][]string{Append: {}, Window: {l.WindowColumn}, Key: l.Key}[l.Mode]
	switch {
	case !known:
		return fault.New(fault.Invalid, "the mode %q of %s is not known", l.Mode, l.Target.Dataset())
	case l.Mode == Key && len(by) == 0:
		return fault.New(fault.Invalid, "%s has no key columns", l.Target.Dataset())
	}
	for _, name := range by {
		if _, ok := table.Find(l.Columns, name); !ok {
			return fault.New(fault.Invalid, "the %s column %q is no column of %s", l.Mode, name, l.Target.Dataset())
		}
	}
	return nil
}

// InOrder reports that every fresh load is newer than all that are held.
func (c Change) InOrder() bool {
	for _, load := range c.Fresh {
		for _, h := range c.Held {
			if h.Sequence >= load.Sequence {
				return false
			}
		}
	}
	return true
}

// Signature tells apart two changes that would not do the same.
func (c Change) Signature() string {
	return fmt.Sprintf("%+v + %+v %v %s %q %q %q %q", c.Held, c.Arrived, c.Columns, c.Mode, c.Key, c.WindowColumn, c.Version, c.Deleted)
}
