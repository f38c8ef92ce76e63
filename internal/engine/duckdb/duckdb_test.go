package duckdb

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/table"
)

func open(t *testing.T) *Engine {
	t.Helper()
	e, err := Open(t.Context(), Settings{Path: filepath.Join(t.TempDir(), "w.duckdb"), TimeZone: "Europe/London"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	return e
}

func answer(t *testing.T, e engine.Queryer, sql string) [][]string {
	t.Helper()
	batch, err := engine.ReadAll(t.Context(), e, sql, 0)
	if err != nil {
		t.Fatal(err)
	}
	var out [][]string
	for _, row := range batch.Rows {
		var line []string
		for i, v := range row {
			line = append(line, table.Format(v, batch.Columns[i].Type))
		}
		out = append(out, line)
	}
	return out
}

func publish(t *testing.T, e *Engine, dataset, sql string, version int64, form engine.Form) error {
	t.Helper()
	staged, err := e.Stage(t.Context(), engine.Build{Target: engine.ParseRelation(dataset), Form: form, SQL: sql, Run: "r1"})
	if err != nil {
		t.Fatal(err)
	}
	if want := map[engine.Form]int64{engine.Table: 1, engine.View: -1}[form]; staged.Rows != want {
		t.Errorf("%s has %d rows, want %d", form, staged.Rows, want)
	}
	return e.Publish(t.Context(), engine.Publication{Staged: staged, Marker: marker(dataset, version)})
}

func marker(dataset string, version int64) engine.Marker {
	return engine.Marker{Dataset: dataset, Version: version, Run: "r1", Fence: version, At: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
}

func TestPublishReplacesTableAndView(t *testing.T) {
	e := open(t)
	for i, form := range []engine.Form{engine.Table, engine.View, engine.View, engine.Table, engine.Table} {
		if err := publish(t, e, "a.b", "select "+string(rune('1'+i))+" as n", int64(i+1), form); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([][]string{{string(rune('1' + i))}}, answer(t, e, "select n from a.b")); diff != "" {
			t.Error(diff)
		}
	}
	markers, err := e.Published(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]engine.Marker{marker("a.b", 5)}, markers); diff != "" {
		t.Error(diff)
	}
}

func TestALowerFenceIsRefused(t *testing.T) {
	e := open(t)
	if err := publish(t, e, "a.b", "select 2 as n", 2, engine.Table); err != nil {
		t.Fatal(err)
	}
	err := publish(t, e, "a.b", "select 1 as n", 1, engine.Table)
	if fault.KindOf(err) != fault.Conflict {
		t.Errorf("got %v, want a Conflict", err)
	}
	if diff := cmp.Diff([][]string{{"2"}}, answer(t, e, "select n from a.b")); diff != "" {
		t.Error(diff)
	}
}

func TestValuesAreExact(t *testing.T) {
	e := open(t)
	got := answer(t, e, `select 99999999999999999999999999999999999.99::decimal(37,2), -0.05::decimal(4,2),
		170141183460469231731687303715884105727::hugeint, date '2024-02-29', timestamp '2024-03-31 01:30:00.5',
		timestamptz '2024-07-01 00:00:00', [1.10::decimal(4,2)], '00000000-0000-0000-0000-000000000001'::uuid, null, 'x'`)
	want := [][]string{{
		"99999999999999999999999999999999999.99", "-0.05", "170141183460469231731687303715884105727", "2024-02-29",
		"2024-03-31 01:30:00.5", "2024-06-30T23:00:00Z", `["1.10"]`, "00000000-0000-0000-0000-000000000001", "", "x",
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestCancelledQueriesStopAndLeaveTheEngineUsable(t *testing.T) {
	e := open(t)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := e.Stage(ctx, engine.Build{
		Target: engine.ParseRelation("a.big"), Form: engine.Table, Run: "r1",
		SQL: "select sum(a.range * b.range) as n from range(10000000) a, range(10000000) b",
	})
	if fault.KindOf(err) != fault.Interrupted {
		t.Errorf("got %v, want Interrupted", err)
	}
	if diff := cmp.Diff([][]string{{"1"}}, answer(t, e, "select 1")); diff != "" {
		t.Error(diff)
	}
}

func TestAReaderIsContained(t *testing.T) {
	e := open(t)
	if err := publish(t, e, "a.b", "select 1 as n", 1, engine.Table); err != nil {
		t.Fatal(err)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	r, err := Open(t.Context(), Settings{Path: e.settings.Path, ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if diff := cmp.Diff([][]string{{"1"}}, answer(t, r, "from a.b")); diff != "" {
		t.Error(diff)
	}
	for _, sql := range []string{
		"select * from read_csv('/etc/passwd')", "select * from read_text('/etc/hostname')", "copy a.b to '/tmp/x.csv'",
		"attach '/tmp/other.duckdb'", "install httpfs", "load httpfs", "set memory_limit = '1GB'", "pragma threads = 1",
		"create table a.c as select 1", "insert into a.b values (2)", "drop table a.b", "select 1; select 2",
		"set enable_external_access = true", "call pragma_version()", "export database '/tmp/x'",
	} {
		if rows, err := r.Query(t.Context(), sql); err == nil {
			t.Errorf("%s was not refused", sql)
			_ = rows.Close()
		}
	}
}

// TestLibraryIsInstalledOnce opens a file three times: the functions come with
// the first opening, stay with the second, and are replaced by the third when
// the file has those of another version.
func TestLibraryIsInstalledOnce(t *testing.T) {
	settings := Settings{Path: filepath.Join(t.TempDir(), "w.duckdb")}
	ask := func(query, want string) {
		t.Helper()
		e, err := Open(t.Context(), settings)
		if err != nil {
			t.Fatal(err)
		}
		defer e.Close()
		got, err := engine.ReadAll(t.Context(), e, query, 0)
		if err != nil || text(got.Rows[0][0]) != want {
			t.Errorf("%s gives %v, want %s (%v)", query, got.Rows, want, err)
		}
	}
	ask("select larder.divide(100, 3, 2)::varchar", "33.3300000000")
	change := func(statement string) {
		t.Helper()
		e, err := Open(t.Context(), settings)
		if err != nil {
			t.Fatal(err)
		}
		defer e.Close()
		if err := e.exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	change("create or replace macro larder.divide(a, b, c) as 'mine'")
	ask("select larder.divide(100, 3, 2)::varchar", "mine")
	change("create or replace macro larder.library_version() as 'older'")
	ask("select larder.divide(100, 3, 2)::varchar", "33.3300000000")
}
