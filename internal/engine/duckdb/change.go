package duckdb

import (
	"slices"

	"github.com/larder-data/larder/internal/engine"
)

// change is what a landing does to the loads the warehouse holds, with the files
// their rows are in.
type change struct {
	engine.Change
	paths map[string][]string // by held load
}

// freshPaths are the files of the rows that arrive and count.
func (c change) freshPaths() []string {
	var paths []string
	for _, l := range c.Fresh {
		paths = append(paths, l.Parquet...)
	}
	return paths
}

// currentPaths are the files of all loads that count after the landing.
func (c change) currentPaths() []string {
	var paths []string
	for _, h := range c.Held {
		if c.Dead[h.ID] == "" {
			paths = append(paths, c.paths[h.ID]...)
		}
	}
	return append(paths, c.freshPaths()...)
}

// retiredPaths are the files of the loads that no longer count.
func (c change) retiredPaths() []string {
	var paths []string
	for _, h := range c.Held {
		if slices.Contains(c.Retired, h.ID) {
			paths = append(paths, c.paths[h.ID]...)
		}
	}
	return paths
}
