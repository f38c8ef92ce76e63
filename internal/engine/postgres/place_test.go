package postgres_test

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/engine/duckdb"
	"github.com/larder-data/larder/internal/engine/postgres"
	"github.com/larder-data/larder/internal/pgtest"
	"github.com/larder-data/larder/internal/table"
)

// place is a database that engines are opened on, and what they land from.
type place struct {
	server   *pgtest.Server
	database string
	archive  engine.Queryer
	dir      string // of archived loads
}

// placeOn creates a database on a server.
func placeOn(t testing.TB, server *pgtest.Server) *place {
	t.Helper()
	archive, err := duckdb.OpenMemory(t.Context(), "UTC")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = archive.Close() })
	return &place{server, server.Database(t), archive, t.TempDir()}
}

// open opens an engine that ends with the test, with settings changed as told.
func (p *place) open(t testing.TB, change ...func(*postgres.Settings)) *postgres.Engine {
	t.Helper()
	e, err := postgres.Open(t.Context(), p.settings(change...))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	return e
}

func (p *place) settings(change ...func(*postgres.Settings)) postgres.Settings {
	s := postgres.Settings{URL: p.server.URL(p.database), TimeZone: "Europe/London", Archive: p.archive}
	for _, c := range change {
		c(&s)
	}
	return s
}

// psql runs statements as anybody would, and returns the lines they print.
func (p *place) psql(t testing.TB, statements ...string) []string {
	t.Helper()
	out, err := p.server.Psql(p.database, statements...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// interfered makes an engine tell of its steps.
func interfered(with func(step string) error) func(*postgres.Settings) {
	return func(s *postgres.Settings) { s.Interfere = with }
}

var noon = time.Date(2024, 3, 1, 12, 0, 0, 0, time.UTC)

// marker is a version of a dataset, its fence the same.
func marker(dataset string, version int64) engine.Marker {
	return engine.Marker{Dataset: dataset, Version: version, Run: "r1", Fence: version, At: noon}
}

func build(dataset, sql string) engine.Build {
	return engine.Build{Target: engine.ParseRelation(dataset), Form: engine.Table, SQL: sql, Run: "r1"}
}

func view(dataset, sql string) engine.Build {
	b := build(dataset, sql)
	b.Form = engine.View
	return b
}

// put stages a build and publishes it as a version.
func put(ctx context.Context, e *postgres.Engine, b engine.Build, version int64) error {
	s, err := e.Stage(ctx, b)
	if err != nil {
		return err
	}
	return e.Publish(ctx, engine.Publication{Staged: s, Marker: marker(b.Target.Dataset(), version), Keep: b.Keep})
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// read returns the rows of a query, each as a line.
func read(t testing.TB, e engine.Queryer, sql string) []string {
	t.Helper()
	batch, err := engine.ReadAll(t.Context(), e, sql, 0)
	if err != nil {
		t.Fatal(err)
	}
	lines := make([]string, len(batch.Rows))
	for i, row := range batch.Rows {
		lines[i] = strings.Trim(fmt.Sprint(row), "[]")
	}
	return lines
}

// standing lists the relations people and Larder have in the database.
const standing = `FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
	WHERE c.relkind IN ('r', 'v', 'm', 'p') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' ORDER BY 1`

// picture is all that stands in the database but staging: each relation with
// its kind, its columns, its privileges and its rows.
func picture(t testing.TB, e engine.Queryer) map[string]string {
	t.Helper()
	batch, err := engine.ReadAll(t.Context(), e, `SELECT format('%I.%I', n.nspname, c.relname), format(E'%s %s\n%s\n%s', c.relkind, c.relacl,
		(SELECT string_agg(format('%s %s', attname, format_type(atttypid, atttypmod)), ', ' ORDER BY attnum)
			FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped),
		query_to_xml(format('SELECT r::text AS r FROM %I.%I AS r ORDER BY 1', n.nspname, c.relname), true, true, '')) `+standing, 0)
	must(t, err)
	out := map[string]string{}
	for _, row := range batch.Rows {
		if name := fmt.Sprint(row[0]); !staging(name) {
			out[name] = fmt.Sprint(row[1])
		}
	}
	return out
}

// staging tells whether a relation is one of a run's.
func staging(name string) bool {
	_, of := engine.StagedBy(strings.Trim(name, `"`))
	return of && !strings.HasPrefix(name, engine.OwnSchema+".")
}

// left lists the staging relations in the database.
func left(t testing.TB, e engine.Queryer) []string {
	t.Helper()
	return slices.DeleteFunc(read(t, e, "SELECT format('%I.%I', n.nspname, c.relname) "+standing), func(name string) bool { return !staging(name) })
}

// cargo writes a load's Parquet from a DuckDB query that gives its columns, and
// returns it as archived.
func (p *place) cargo(t testing.TB, sequence int64, query string) engine.ArchivedLoad {
	t.Helper()
	id := fmt.Sprintf("load%d", sequence)
	path := filepath.Join(p.dir, id+".parquet")
	batch, err := engine.ReadAll(t.Context(), p.archive, fmt.Sprintf(
		`COPY (SELECT *, '%s' AS _load, '%d.csv' AS _file, row_number() OVER () AS _row, TIMESTAMPTZ '2024-03-01 12:00:00+00' AS _loaded_at FROM (%s))
		TO %s (FORMAT parquet)`, id, sequence, query, engine.Literal(path)), 0)
	if err != nil {
		t.Fatal(err)
	}
	rows, ok := batch.Rows[0][0].(int64)
	if !ok {
		t.Fatalf("COPY answers %v", batch.Rows)
	}
	return engine.ArchivedLoad{ID: id, Sequence: sequence, Parquet: []string{path}, Rows: rows}
}

func column(name string, kind table.Kind) table.Column {
	return table.Column{Name: name, Type: table.Type{Kind: kind}}
}
