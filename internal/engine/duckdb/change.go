package duckdb

import (
	"fmt"
	"slices"
	"strings"

	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/table"
)

// heldLoad is a load in larder.loads, with the files its rows are in.
type heldLoad struct {
	engine.HeldLoad
	supersedes []string
	paths      []string
}

// change is what a landing does to the loads the warehouse holds.
type change struct {
	engine.Landing
	held    []heldLoad
	arrived []engine.ArchivedLoad // not held yet, by sequence
	dead    map[string]string     // load held or arrived -> the load that supersedes it
	retired []string              // held loads that were current and no longer are
	fresh   []engine.ArchivedLoad // arrived loads that are current
}

// newChange compares a landing with the loads there are. A load may arrive
// after the one that supersedes it; loads held already are passed over.
func newChange(l engine.Landing, held []heldLoad) (change, error) {
	c := change{Landing: l, held: held, dead: map[string]string{}}
	if err := c.valid(); err != nil {
		return change{}, err
	}
	holds := map[string]bool{}
	for _, h := range held {
		holds[h.ID] = true
		for _, id := range h.supersedes {
			c.dead[id] = h.ID
		}
	}
	for _, load := range l.Loads {
		if holds[load.ID] {
			continue
		}
		holds[load.ID] = true
		c.arrived = append(c.arrived, load)
		for _, id := range load.Supersedes {
			c.dead[id] = load.ID
		}
	}
	slices.SortStableFunc(c.arrived, func(a, b engine.ArchivedLoad) int { return int(a.Sequence - b.Sequence) })
	for _, h := range held {
		if h.SupersededBy == "" && c.dead[h.ID] != "" {
			c.retired = append(c.retired, h.ID)
		}
	}
	for _, load := range c.arrived {
		if c.dead[load.ID] == "" {
			c.fresh = append(c.fresh, load)
		}
	}
	return c, nil
}

// valid refuses a landing that does not say how rows compete.
func (c change) valid() error {
	switch c.Mode {
	case engine.Append:
		return nil
	case engine.Window:
		if _, ok := table.Find(c.Columns, c.WindowColumn); !ok {
			return fault.New(fault.Invalid, "the window column %q is no column of %s", c.WindowColumn, c.Target.Dataset())
		}
		return nil
	case engine.Key:
		for _, column := range c.Key {
			if _, ok := table.Find(c.Columns, column); !ok {
				return fault.New(fault.Invalid, "the key column %q is no column of %s", column, c.Target.Dataset())
			}
		}
		if len(c.Key) == 0 {
			return fault.New(fault.Invalid, "%s has no key columns", c.Target.Dataset())
		}
		return nil
	}
	return fault.New(fault.Invalid, "the mode %q of %s is not known", c.Mode, c.Target.Dataset())
}

// inOrder reports that every fresh load is newer than all that are held.
func (c change) inOrder() bool {
	for _, load := range c.fresh {
		for _, h := range c.held {
			if h.Sequence >= load.Sequence {
				return false
			}
		}
	}
	return true
}

// freshPaths are the files of the rows that arrive and count.
func (c change) freshPaths() []string {
	var paths []string
	for _, l := range c.fresh {
		paths = append(paths, l.Parquet...)
	}
	return paths
}

// currentPaths are the files of all loads that count after the landing.
func (c change) currentPaths() []string {
	var paths []string
	for _, h := range c.held {
		if c.dead[h.ID] == "" {
			paths = append(paths, h.paths...)
		}
	}
	return append(paths, c.freshPaths()...)
}

// retiredPaths are the files of the loads that no longer count.
func (c change) retiredPaths() []string {
	var paths []string
	for _, h := range c.held {
		if slices.Contains(c.retired, h.ID) {
			paths = append(paths, h.paths...)
		}
	}
	return paths
}

// signature tells apart two changes that would not do the same.
func (c change) signature() string {
	var b strings.Builder
	for _, h := range c.held {
		fmt.Fprintf(&b, "%q<%q ", h.ID, h.SupersededBy)
	}
	fmt.Fprintf(&b, "+ %+v %v %s %v %q %q", c.arrived, c.Columns, c.Mode, c.Key, c.WindowColumn, c.Version+"\x00"+c.Deleted)
	return b.String()
}
