package duckdb

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"

	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/fault"
)

// contained opens a warehouse with one dataset for questions only. The folder
// allowed holds a file the reader may read, the folder beside it one it must not.
func contained(t *testing.T) (r *Engine, allowed, secret string) {
	t.Helper()
	dir := t.TempDir()
	allowed, secret = filepath.Join(dir, "it's allowed"), filepath.Join(dir, "secret")
	for _, d := range []string{allowed, secret} {
		if err := os.Mkdir(d, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(d, "f.csv"), []byte("n\n42\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	e := openAt(t, dir, nil)
	if err := stageAndPublish(t.Context(), e, engine.Table, "select 1 as n"); err != nil {
		t.Fatal(err)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	r, err := Open(t.Context(), Settings{Path: filepath.Join(dir, "w.duckdb"), ReadOnly: true, TimeZone: "Europe/London", AllowDirs: []string{allowed}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	return r, allowed, secret
}

func TestAReaderCannotEscape(t *testing.T) {
	r, allowed, secret := contained(t)
	file := secret + "/f.csv"
	attempts := []string{
		"select * from read_csv(" + engine.Literal(file) + ")", "from " + engine.Literal(file), "select * from read_text(" + engine.Literal(file) + ")",
		"select * from read_blob(" + engine.Literal(file) + ")", "select * from glob(" + engine.Literal(secret+"/*") + ")",
		"select * from read_csv(" + engine.Literal(allowed+"/../secret/f.csv") + ")", "select * from read_csv(" + engine.Literal(allowed+"x/f.csv") + ")",
		"select * from read_parquet(['" + secret + "/*.parquet'])", "select * from read_json_auto('/proc/self/environ')",
		"select * from read_text('/proc/self/status')", "select getenv('HOME')", "select * from sniff_csv(" + engine.Literal(file) + ")",
		"select * from parquet_metadata('" + secret + "/x.parquet')", "select * from read_csv('http://127.0.0.1:1/x.csv')", "select * from 's3://bucket/x.parquet'",
		"with t as (select * from read_csv(" + engine.Literal(file) + ")) select * from t", "select (select content from read_text(" + engine.Literal(file) + "))",
		"attach " + engine.Literal(secret+"/new.duckdb"), "attach ':memory:' as m", "copy (select 1) to " + engine.Literal(secret+"/out.csv"),
		"copy (select 1) to " + engine.Literal(allowed+"/out.csv"), "export database " + engine.Literal(secret+"/x"), "import database " + engine.Literal(secret),
		"install httpfs", "load httpfs", "load " + engine.Literal(secret+"/x.duckdb_extension"), "force install spatial",
		"set lock_configuration = false", "reset lock_configuration", "set enable_external_access = true", "set allowed_directories = ['/']",
		"set allowed_paths = ['" + file + "']", "set global temp_directory = '/tmp'", "set memory_limit = '1TB'", "set threads = 64", "set TimeZone = 'UTC'",
		"pragma enable_profiling", "pragma database_list", "call enable_logging()", "set log_query_path = '/tmp/q'", "set file_search_path = '/'",
		"create secret s (type s3)", "create temp table t as select 1", "create macro m() as 1", "create or replace table a.b as select 2 as n",
		"insert into a.b values (2)", "update a.b set n = 2", "delete from a.b", "truncate a.b", "drop table a.b", "alter table a.b rename to c",
		"checkpoint", "vacuum", "begin", "begin; drop table a.b; commit", "select 1; drop table a.b", "use memory", "detach memory",
		"prepare p as select 1", "execute p", "explain analyze insert into a.b values (2)", "explain analyze copy (select 1) to '/tmp/larder-escape.csv'", "",
		"select nextval('s')", "select * from query('drop table a.b')", "select * from query_table('/etc/passwd')", "/* select */ drop table a.b", "-- x\ndrop table a.b",
	}
	for _, sql := range attempts {
		batch, err := engine.ReadAll(t.Context(), r, sql, 0)
		if err == nil {
			t.Errorf("%s was not refused: %v", sql, batch.Rows)
			continue
		}
		if kind := fault.KindOf(err); kind != fault.Denied && kind != fault.Invalid {
			t.Errorf("%s: %v, want Denied or Invalid", sql, err)
		}
	}
	if diff := cmp.Diff([][]string{{"1"}}, answer(t, r, "select n from a.b")); diff != "" {
		t.Error(diff)
	}
	entries, err := os.ReadDir(secret)
	if err != nil || len(entries) != 1 {
		t.Errorf("the secret folder holds %v, %v", entries, err)
	}
	if _, err := os.Stat("/tmp/larder-escape.csv"); err == nil {
		t.Error("a file was written")
	}
}

func TestAReaderWritesNothing(t *testing.T) {
	r, _, _ := contained(t)
	for name, work := range map[string]func() error{
		"Stage": func() error {
			_, err := r.Stage(t.Context(), engine.Build{Target: engine.ParseRelation("a.c"), Form: engine.Table, SQL: "select 1 as n", Run: "r1"})
			return err
		},
		"Drop": func() error { return r.Drop(t.Context(), "a.b", engine.ParseRelation("a.b")) },
		"Land": func() error {
			_, err := r.Land(t.Context(), engine.Landing{Target: engine.ParseRelation("lake.x"), Mode: engine.Append, Marker: marker("lake.x", 1)})
			return err
		},
		"Export": func() error { return r.Export(t.Context(), "drop table a.b", filepath.Join(t.TempDir(), "x"), "csv") },
	} {
		if err := work(); err == nil || fault.KindOf(err) == fault.Internal {
			t.Errorf("%s: %v", name, err)
		}
	}
	if diff := cmp.Diff([][]string{{"1"}}, answer(t, r, "select n from a.b")); diff != "" {
		t.Error(diff)
	}
}

func TestAReaderReadsWhatItMay(t *testing.T) {
	r, allowed, _ := contained(t)
	if diff := cmp.Diff([][]string{{"42"}}, answer(t, r, "select n from read_csv("+engine.Literal(allowed+"/f.csv")+")")); diff != "" {
		t.Error(diff)
	}
	out := filepath.Join(t.TempDir(), "out.csv")
	if err := r.Export(t.Context(), "select n from a.b", out, "csv"); err != nil {
		t.Fatal(err)
	}
	if data, err := os.ReadFile(out); err != nil || string(data) != "n\n1\n" {
		t.Errorf("exported %q, %v", data, err)
	}
	scratch := r.scratch
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(scratch); !os.IsNotExist(err) {
		t.Errorf("the reader left its scratch folder: %v", err)
	}
}

// TestAReadersConnectionsAreAllAlike holds more answers open than there are
// connections made at first: zone and containment hold on each.
func TestAReadersConnectionsAreAllAlike(t *testing.T) {
	r, _, secret := contained(t)
	var open []engine.Rows
	for range readerConnections - 1 {
		rows, err := r.Query(t.Context(), "select '2024-07-01 00:00:00'::timestamptz::varchar, current_setting('TimeZone')")
		if err != nil {
			t.Fatal(err)
		}
		open = append(open, rows)
		if !rows.Next() || fmt.Sprint(rows.Scan()) != "[2024-07-01 00:00:00+01 Europe/London]" {
			t.Errorf("got %v", rows.Scan())
		}
		if _, err := engine.ReadAll(t.Context(), r, "select * from read_csv("+engine.Literal(secret+"/f.csv")+")", 0); err == nil {
			t.Error("a connection is not contained")
		}
	}
	for _, rows := range open {
		if err := rows.Close(); err != nil {
			t.Error(err)
		}
	}
	var g errgroup.Group
	for range 4 * readerConnections {
		g.Go(func() error {
			batch, err := engine.ReadAll(t.Context(), r, "select current_setting('TimeZone'), sum(range)::varchar from range(100000)", 1)
			if err == nil && strings.Join([]string{text(batch.Rows[0][0]), text(batch.Rows[0][1])}, " ") != "Europe/London 4999950000" {
				err = fmt.Errorf("got %v", batch.Rows)
			}
			return err
		})
	}
	if err := g.Wait(); err != nil {
		t.Error(err)
	}
}
