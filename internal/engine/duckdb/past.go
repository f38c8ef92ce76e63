package duckdb

import (
	"context"
	"slices"

	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/fault"
)

// succession is what becomes of a relation and of the versions kept of it when a
// new one takes its place.
type succession struct {
	target engine.Relation
	keeps  bool              // the table stays, as kept; else it is dropped
	kept   engine.Relation   // its name from now on
	gone   []engine.Relation // earlier versions that are one too many
}

// succeed decides what becomes of a target that is replaced. Versions that are not
// older than it are of another history, which a lost ledger began.
func (e *Engine) succeed(target engine.Relation, m engine.Marker, keep int) succession {
	s := succession{target: target}
	was, marked := e.known.marker(m.Dataset)
	if keep > 0 && marked && was.version < m.Version && e.known.form(target) == engine.Table {
		s.keeps, s.kept = true, pastOf(target, was.version)
		keep--
	}
	for _, version := range e.known.past(target) {
		if keep > 0 && version < was.version {
			keep--
			continue
		}
		s.gone = append(s.gone, pastOf(target, version))
	}
	return s
}

// retire moves what is replaced out of the way. A table that went by hand is no
// trouble.
func (e *Engine) retire(t *transaction, s succession) {
	e.forget(t, s)
	if s.keeps {
		t.add("keep", "ALTER TABLE IF EXISTS "+s.target.String()+" RENAME TO "+engine.Quote(s.kept.Name))
	} else {
		t.add("drop", e.known.drop(s.target))
	}
}

// forget drops the versions that are one too many.
func (e *Engine) forget(t *transaction, s succession) {
	for _, r := range s.gone {
		t.add("forget", e.known.drop(r))
	}
}

func pastOf(target engine.Relation, version int64) engine.Relation {
	return engine.PastOf(target, version, longestIdentifier)
}

// Past returns the versions kept of a table, newest first. It asks the file:
// somebody may have dropped one by hand.
func (e *Engine) Past(ctx context.Context, target engine.Relation) ([]int64, error) {
	if err := e.learn(ctx); err != nil {
		return nil, fault.Wrap("versions kept of "+target.Dataset(), explain("", err))
	}
	now, _ := e.known.marker(target.Dataset())
	return slices.DeleteFunc(e.known.past(target), func(version int64) bool { return version >= now.version }), nil
}

// past returns the versions kept of a target, newest first.
func (c *catalog) past(target engine.Relation) []int64 {
	k := key(pastOf(target, 0))
	k.Name, _, _ = engine.PastBy(k.Name)
	c.mu.Lock()
	defer c.mu.Unlock()
	versions := slices.Sorted(slices.Values(c.pasts[k]))
	slices.Reverse(versions)
	return versions
}

// succeeded records what became of what was replaced.
func (c *catalog) succeeded(s succession) {
	c.gone(s.gone...)
	if s.keeps {
		c.made(s.kept, engine.Table, nil)
	}
}

// without is versions but one.
func without(versions []int64, version int64) []int64 {
	return slices.DeleteFunc(versions, func(v int64) bool { return v == version })
}
