package duckdb

import (
	"slices"

	"github.com/larder-data/larder/internal/engine"
)

// change is what a landing does to the loads the warehouse holds, with where
// their rows are.
type change struct {
	engine.Change
	paths map[string][]string // the files of each held load, in the archive
	store store               // where the rows of all loads are
}

// origin is where rows are: in files, and in loads that are kept.
type origin struct {
	files []string
	loads []string
}

func (o origin) none() bool { return len(o.files)+len(o.loads) == 0 }

// held is where the rows of held loads are that are picked.
func (c change) held(pick func(engine.KnownLoad) bool) origin {
	var o origin
	for _, h := range c.Held {
		switch {
		case !pick(h):
		case c.store != inFiles:
			o.loads = append(o.loads, h.ID)
		default:
			o.files = append(o.files, c.paths[h.ID]...)
		}
	}
	return o
}

// fresh is where the rows are that arrive and count.
func (c change) fresh() origin {
	var o origin
	for _, l := range c.Fresh {
		o.files = append(o.files, l.Parquet...)
	}
	return o
}

// arrived is where the rows are that arrive.
func (c change) arrived() origin {
	var o origin
	for _, l := range c.Arrived {
		o.files = append(o.files, l.Parquet...)
	}
	return o
}

// counting is where the rows of all loads are that count after the landing.
func (c change) counting() origin {
	o := c.held(func(h engine.KnownLoad) bool { return c.Dead[h.ID] == "" })
	o.files = append(o.files, c.fresh().files...)
	return o
}

// retired is where the rows of the loads are that no longer count.
func (c change) retired() origin {
	return c.held(func(h engine.KnownLoad) bool { return slices.Contains(c.Retired, h.ID) })
}

// dead is where the rows are that arrive and never count.
func (c change) dead() origin {
	var o origin
	for _, l := range c.Arrived {
		if c.Dead[l.ID] != "" {
			o.files = append(o.files, l.Parquet...)
		}
	}
	return o
}

// everyHeld picks all held loads.
func everyHeld(engine.KnownLoad) bool { return true }
