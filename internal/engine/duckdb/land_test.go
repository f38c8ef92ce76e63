package duckdb

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/table"
)

// archive writes rows of (k, v, n) as a load's Parquet.
func archive(t *testing.T, e *Engine, dir string, sequence int64, values string) engine.ArchivedLoad {
	t.Helper()
	id := fmt.Sprintf("load%d", sequence)
	path := filepath.Join(dir, id+".parquet")
	err := e.exec(t.Context(), fmt.Sprintf(`COPY (SELECT *, '%s' AS _load, 'f.csv' AS _file, row_number() OVER () AS _row,
		TIMESTAMPTZ '2026-01-01' AS _loaded_at FROM (VALUES %s) AS r(k, v, n)) TO '%s' (FORMAT parquet)`, id, values, path))
	if err != nil {
		t.Fatal(err)
	}
	return engine.ArchivedLoad{ID: id, Sequence: sequence, Parquet: []string{path}, Rows: 1}
}

func TestLandKeepsTheNewestRowOfEachKey(t *testing.T) {
	e, dir := open(t), t.TempDir()
	l := engine.Landing{
		Target: engine.ParseRelation("lake.x"), Mode: engine.Key, Key: []string{"k"}, Version: "v", Deleted: "n < 0",
		Columns: []table.Column{
			{Name: "k", Type: table.Type{Kind: table.Integer}},
			{Name: "v", Type: table.Type{Kind: table.Integer}},
			{Name: "n", Type: table.Type{Kind: table.Integer}},
		},
	}
	for i, step := range []struct {
		values     string
		supersedes []string
		want       [][]string
	}{
		{"(1, 1, 10), (2, 1, 20), (1, 2, 11)", nil, [][]string{{"1", "11"}, {"2", "20"}}},
		{"(1, 1, 99), (2, 3, -1), (3, 1, 30)", nil, [][]string{{"1", "11"}, {"3", "30"}}},
		{"(2, 2, 22)", nil, [][]string{{"1", "11"}, {"3", "30"}}},
		{"(3, 1, 31)", []string{"load2"}, [][]string{{"1", "11"}, {"2", "22"}, {"3", "31"}}},
	} {
		load := archive(t, e, dir, int64(i+1), step.values)
		load.Supersedes = step.supersedes
		l.Loads, l.Marker = []engine.ArchivedLoad{load}, marker("lake.x", int64(i+1))
		preview, err := e.Preview(t.Context(), l)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(step.want, answer(t, e, "select k, n from "+preview.Relation.String()+" order by k")); diff != "" {
			t.Errorf("preview of load %d: %s", i+1, diff)
		}
		if err := e.Discard(t.Context(), preview); err != nil {
			t.Fatal(err)
		}
		if _, err := e.Land(t.Context(), l); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(step.want, answer(t, e, "select k, n from lake.x order by k")); diff != "" {
			t.Errorf("after load %d: %s", i+1, diff)
		}
	}
	if diff := cmp.Diff([][]string{{"8"}}, answer(t, e, "select count(*) from lake.x__loads")); diff != "" {
		t.Error(diff)
	}
}
