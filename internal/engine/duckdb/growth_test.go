package duckdb

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/larder-data/larder/internal/engine"
)

// size is how large the warehouse is, its log included.
func size(t *testing.T, dir string) (bytes int64) {
	t.Helper()
	for _, name := range []string{"w.duckdb", "w.duckdb.wal"} {
		if info, err := os.Stat(filepath.Join(dir, name)); err == nil {
			bytes += info.Size()
		}
	}
	return bytes
}

// TestPublishingAgainAndAgainDoesNotGrowTheFile replaces a table as many runs
// would, tidying after each: the space of what was replaced is used again.
func TestPublishingAgainAndAgainDoesNotGrowTheFile(t *testing.T) {
	dir := t.TempDir()
	e := openAt(t, dir, nil)
	round := func(i int) {
		t.Helper()
		sql := fmt.Sprintf("select range as n, md5((range + %d)::varchar) as t from range(50000)", i)
		for _, form := range []engine.Form{engine.Table, engine.Table} {
			if err := stageAndPublish(t.Context(), e, form, sql); err != nil {
				t.Fatal(err)
			}
		}
		s, err := e.Stage(t.Context(), engine.Build{Target: engine.ParseRelation("a.b"), Form: engine.Table, SQL: sql, Run: "r1"})
		if err != nil {
			t.Fatal(err)
		}
		if err := e.Discard(t.Context(), s); err != nil {
			t.Fatal(err)
		}
		if err := e.Tidy(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 4 {
		round(i)
	}
	early := size(t, dir)
	for i := range 20 {
		round(i)
	}
	if late := size(t, dir); late > early*3/2 {
		t.Errorf("from %d to %d bytes over 20 runs", early, late)
	}
	if info, err := os.Stat(filepath.Join(dir, "w.duckdb.wal")); err == nil && info.Size() > 0 {
		t.Errorf("a tidied warehouse has a log of %d bytes", info.Size())
	}
}

// TestALongRunTidiesItself publishes more than is allowed between two
// checkpoints without ever being asked to tidy.
func TestALongRunTidiesItself(t *testing.T) {
	dir := t.TempDir()
	e := openAt(t, dir, nil)
	const rows = 1 << 20
	var most int64
	publish := func() {
		t.Helper()
		if err := stageAndPublish(t.Context(), e, engine.Table, fmt.Sprintf("select hash(range) as a, hash(range + 1) as b, hash(range + 2) as c, hash(range + 3) as d from range(%d)", rows)); err != nil {
			t.Fatal(err)
		}
		most = max(most, size(t, dir))
	}
	publish()
	one := most
	for range 2 * checkpointCells / (4 * rows) {
		publish()
	}
	// Between two checkpoints this many tables fit; without any, twice as many.
	if limit := one * (checkpointCells/(4*rows) + 4); most > limit {
		t.Errorf("the file came to %d bytes, a table has %d, at most %d were wanted", most, one, limit)
	}
}
