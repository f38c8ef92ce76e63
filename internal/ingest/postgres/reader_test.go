package postgres_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/engine/duckdb"
	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/format"
	"github.com/larder-data/larder/internal/ingest"
	source "github.com/larder-data/larder/internal/ingest/postgres"
	"github.com/larder-data/larder/internal/lake/folder"
	"github.com/larder-data/larder/internal/pgtest"
	"github.com/larder-data/larder/internal/project"
	"github.com/larder-data/larder/internal/state"
	"github.com/larder-data/larder/internal/state/sqlite"
	"github.com/larder-data/larder/internal/table"
)

// yard is a database to read from, and a lake, a warehouse and a ledger to land in.
type yard struct {
	testing.TB
	dir     string
	server  *pgtest.Server
	base    string
	archive *folder.Folder
	parser  *format.Reader
	duck    *duckdb.Engine
	store   *sqlite.Store
	clock   time.Time
	runs    int
	source  project.Source
}

func newYard(t *testing.T, server *pgtest.Server, settings string) *yard {
	t.Helper()
	y := &yard{TB: t, dir: t.TempDir(), server: server, base: server.Database(t), clock: time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)}
	y.describe(settings)
	y.archive, y.parser = folder.Open(filepath.Join(y.dir, "lake")), format.NewReader(format.Options{})
	var err error
	if y.duck, err = duckdb.OpenMemory(t.Context(), "UTC"); err != nil {
		t.Fatal(err)
	}
	if y.store, err = sqlite.Open(t.Context(), filepath.Join(y.dir, "state.db"), sqlite.Options{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(y.duck.Close(), y.store.Close(), y.archive.Close(), y.parser.Close()); err != nil {
			t.Error(err)
		}
	})
	return y
}

// describe writes what the project says of the table "rows".
func (y *yard) describe(settings string) {
	y.Helper()
	for name, text := range map[string]string{
		"larder.yml": "name: shop\n", "sources/db.yml": "kind: postgres\nurl: ${SHOP_URL}\ntables:\n  rows:\n    " + strings.ReplaceAll(settings, "\n", "\n    ") + "\n",
	} {
		path := filepath.Join(y.dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o644)); err != nil {
			y.Fatal(err)
		}
	}
	p, err := project.Load(y.dir, project.Options{
		Env:   func(string) (string, bool) { return y.server.URL(y.base), true },
		Kinds: map[string]project.Kind{"postgres": {Source: &source.Source{}, Table: &source.Table{}, Column: &source.Column{}}},
	})
	if err != nil {
		y.Fatal(err)
	}
	y.source = p.Sources[0]
}

func (y *yard) psql(statements ...string) []string {
	y.Helper()
	out, err := y.server.Psql(y.base, statements...)
	if err != nil {
		y.Fatal(err)
	}
	return out
}

// Check lets everything pass.
func (y *yard) Check(context.Context, string, engine.Staged) ([]state.Result, error) { return nil, nil }

func (y *yard) Version(string) string { return "" }

func (y *yard) ingester() *ingest.Ingester {
	return ingest.New(y.archive, map[string]ingest.Reader{"postgres": source.NewReader()}, y.parser, []project.Source{y.source}, func() time.Time { return y.clock })
}

func (y *yard) land() (ingest.Landed, error) {
	y.runs++
	y.clock = y.clock.Add(time.Minute)
	return y.ingester().Land(context.Background(), ingest.Step{
		Env: "prod", Run: fmt.Sprintf("run%03d", y.runs), Dataset: "lake.db_rows", Warehouse: y.duck, Ledger: y.store, Checker: y,
	})
}

func (y *yard) landed() ingest.Landed {
	y.Helper()
	l, err := y.land()
	if err != nil {
		y.Fatal(err)
	}
	return l
}

func (y *yard) refused(kind fault.Kind, says string) {
	y.Helper()
	_, err := y.land()
	if fault.KindOf(err) != kind || !strings.Contains(fmt.Sprint(err), says) {
		y.Errorf("got %v (%s), want %s saying %q", err, fault.KindOf(err), kind, says)
	}
}

func (y *yard) rows(sql string) []string {
	y.Helper()
	batch, err := engine.ReadAll(context.Background(), y.duck, sql, 0)
	if err != nil {
		y.Fatal(err)
	}
	var out []string
	for _, row := range batch.Rows {
		var cells []string
		for i, v := range row {
			cells = append(cells, table.Format(v, batch.Columns[i].Type))
		}
		out = append(out, strings.Join(cells, "|"))
	}
	slices.Sort(out)
	return out
}

func (y *yard) same(got []string, want ...string) {
	y.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		y.Error(diff)
	}
}

func TestMain(m *testing.M) {
	flag.Parse()
	if err := flag.Set("rapid.checks", "15"); err != nil { // each has a database of its own
		panic(err)
	}
	os.Exit(m.Run())
}

func TestEveryTypeArrivesAsItIs(t *testing.T) {
	y := newYard(t, pgtest.Start(t), "table: public.everything")
	y.psql("CREATE TYPE mood AS ENUM ('glad', 'sad')", "CREATE DOMAIN pence AS integer CHECK (VALUE >= 0)", `CREATE TABLE everything (
		i smallint, j integer, k bigint, n numeric(12,2), wide numeric(38,10), free numeric, r real, d double precision, b boolean,
		t text, v varchar(10), c char(4), raw bytea, day date, clock time, at timestamp, instant timestamptz, u uuid, js json, jb jsonb,
		list integer[], words text[], e mood, p pence, span interval, net inet)`,
		`INSERT INTO everything VALUES (-32768, -2147483648, -9223372036854775808, -0.05, -1234567890123456789012345678.0123456789, 1.10, 0.5, 1e300, true,
		'it''s é', 'v', 'c', '\x00ff', '0044-03-15', '23:59:59.999999', '1969-12-31 23:59:59.999999', '2026-03-29 01:30:00+01', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11',
		'{"a": 1.10}', '{"a": 12345678901234567890123456789012345678.90}', '{1,null,3}', '{"a,b",c}', 'sad', 7, '1 mon 2 days', '10.0.0.1/8'),
		(32767, 2147483647, 9223372036854775807, 9999999999.99, 0, 'NaN', 'NaN', '-Infinity', false, '', '', '', '', 'infinity', '00:00', '-infinity', 'infinity',
		'00000000-0000-0000-0000-000000000000', 'null', '[]', '{}', '{}', 'glad', 0, '0', '::1')`,
		"INSERT INTO everything DEFAULT VALUES")
	l := y.landed()
	if !slices.Contains(l.Notes, "day: 1 infinite values were left empty") || !slices.Contains(l.Notes, "instant: 1 infinite values were left empty") {
		t.Error(l.Notes)
	}
	types := y.rows("SELECT column_name || ' ' || data_type FROM (DESCRIBE lake.db_rows) AS d(column_name, data_type) WHERE column_name NOT LIKE '\\_%' ESCAPE '\\'")
	y.same(types, "at TIMESTAMP", "b BOOLEAN", "c VARCHAR", "clock TIME", "d DOUBLE", "day DATE", "e VARCHAR", "free VARCHAR", "i SMALLINT",
		"instant TIMESTAMP WITH TIME ZONE", "j INTEGER", "jb JSON", "js JSON", "k BIGINT", "list JSON", "n DECIMAL(12,2)", "net VARCHAR", "p INTEGER", "r FLOAT",
		"raw BLOB", "span VARCHAR", "t VARCHAR", "u UUID", "v VARCHAR", "wide DECIMAL(38,10)", "words JSON")
	y.same(y.rows("SELECT i, j, k, n, wide, free, r, d, b FROM lake.db_rows"), "-32768|-2147483648|-9223372036854775808|-0.05|-1234567890123456789012345678.0123456789|1.10|0.5|1e+300|true",
		"32767|2147483647|9223372036854775807|9999999999.99|0.0000000000|NaN|NaN|-Inf|false", "||||||||")
	y.same(y.rows("SELECT t, v, c, raw, day, clock, \"at\", instant, u FROM lake.db_rows WHERE i < 0"),
		"it's é|v|c   |00ff|0044-03-15|23:59:59.999999|1969-12-31 23:59:59.999999|2026-03-29T00:30:00Z|a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11")
	y.same(y.rows("SELECT js, jb, list, words, e, p, span, net FROM lake.db_rows WHERE i < 0"),
		`{"a": 1.10}|{"a": 12345678901234567890123456789012345678.90}|[1,null,3]|["a,b","c"]|sad|7|1 mon 2 days|10.0.0.1/8`)
	y.same(y.rows("SELECT _file, _row FROM lake.db_rows"), "snapshot|1", "snapshot|2", "snapshot|3")
	if l := y.landed(); l.Changed {
		t.Error("nothing was new")
	}
}

func TestASnapshotReplacesTheOneBefore(t *testing.T) {
	y := newYard(t, pgtest.Start(t), "query: SELECT id, price FROM goods WHERE id < 100;\ncolumns:\n  id: bigint\n  cost: {from: price, type: 'decimal(18,3)'}")
	y.psql("CREATE TABLE goods (id integer, price numeric)", "INSERT INTO goods VALUES (1, 1.25), (2, 0.333), (100, 5)")
	y.landed()
	y.same(y.rows("SELECT id, cost FROM lake.db_rows"), "1|1.250", "2|0.333")
	y.psql("DELETE FROM goods WHERE id = 1", "UPDATE goods SET price = 7")
	y.landed()
	y.same(y.rows("SELECT id, cost FROM lake.db_rows"), "2|7.000")
	y.psql("UPDATE goods SET price = 1.2345")
	y.refused(fault.Held, "column price has a number that is not exactly a decimal(18,3)")
	y.same(y.rows("SELECT id, cost FROM lake.db_rows"), "2|7.000")
}

// Whatever is inserted, changed and deleted between the runs, also by
// transactions that commit late: the lake has what the table has, except what
// was deleted since everything was read.
func TestChangesArrive(t *testing.T) {
	server := pgtest.Start(t)
	const settings = "table: orders\nkey: [id]\nversion: changed_at\nsince: {column: changed_at, lookback: 10 seconds}\nreread: 1 hour"
	rapid.Check(t, func(r *rapid.T) {
		y := newYard(t, server, settings)
		y.psql("CREATE TABLE orders (id integer PRIMARY KEY, amount numeric(10,2) NOT NULL, changed_at timestamptz NOT NULL)")
		second := 1000
		deleted := map[int]bool{}
		for range rapid.IntRange(1, 4).Draw(r, "runs") {
			var changes []string
			for range rapid.IntRange(0, 4).Draw(r, "changes") {
				second += rapid.IntRange(0, 3).Draw(r, "seconds")
				late := rapid.IntRange(0, 9).Draw(r, "late") // committed after newer ones, within the lookback
				id := rapid.IntRange(1, 6).Draw(r, "id")
				if rapid.IntRange(0, 5).Draw(r, "what") == 0 {
					changes = append(changes, fmt.Sprintf("DELETE FROM orders WHERE id = %d", id))
					deleted[id] = true
					continue
				}
				if deleted[id] { // its copy in the lake may be newer until everything is read again
					continue
				}
				changes = append(changes, fmt.Sprintf(`INSERT INTO orders VALUES (%d, %d.50, to_timestamp(%d)) ON CONFLICT (id) DO UPDATE SET amount = EXCLUDED.amount,
					changed_at = greatest(EXCLUDED.changed_at, orders.changed_at + interval '1 microsecond')`, id, rapid.IntRange(0, 99).Draw(r, "amount"), second-late))
			}
			if len(changes) > 0 {
				y.psql(changes...)
			}
			y.landed()
			truth := y.psql("SELECT id || '|' || amount FROM orders ORDER BY 1")
			got := y.rows("SELECT id, amount FROM lake.db_rows")
			got = slices.DeleteFunc(got, func(row string) bool { return deleted[int(row[0]-'0')] && !slices.Contains(truth, row) })
			slices.Sort(truth)
			if diff := cmp.Diff(strings.Join(truth, " "), strings.Join(got, " ")); diff != "" {
				r.Fatal(diff)
			}
		}
		before := len(y.loads())
		if l := y.landed(); l.Changed || len(y.loads()) != before {
			r.Fatalf("nothing was new: %+v", l)
		}
		y.clock = y.clock.Add(time.Hour)
		y.landed()
		truth := y.psql("SELECT id || '|' || amount FROM orders ORDER BY 1")
		slices.Sort(truth)
		if diff := cmp.Diff(strings.Join(truth, " "), strings.Join(y.rows("SELECT id, amount FROM lake.db_rows"), " ")); diff != "" {
			r.Fatalf("after everything was read again: %s", diff)
		}
	})
}

func (y *yard) loads() []string {
	y.Helper()
	manifests, err := y.archive.Manifests(context.Background(), "lake.db_rows")
	if err != nil {
		y.Fatal(err)
	}
	var out []string
	for _, m := range manifests {
		out = append(out, fmt.Sprintf("%s: %d rows, %s %s of %s", m.File, m.Rows, m.Completeness.By, m.Completeness.Got, m.Completeness.Said))
	}
	return out
}

func TestWhatIsWrongIsTold(t *testing.T) {
	server := pgtest.Start(t)
	y := newYard(t, server, "table: public.order")
	y.psql("CREATE TABLE orders (id integer, changed_at text)")
	y.refused(fault.NotFound, "sources/db.yml:5:12: lake.db_rows: PostgreSQL says: relation \"public.order\" does not exist")
	y.describe("table: orders\nkey: [id]\nsince: {column: changed_on}")
	y.refused(fault.Invalid, "orders has no column changed_on")
	y.describe("table: orders\nkey: [id]\nsince: {column: changed_at}")
	y.refused(fault.Invalid, "changed_at is varchar: what changed is told by a time, a day or a whole number")
	y.describe("table: orders\nsince: {column: id}")
	y.refused(fault.Invalid, "rows that are read again need a key")
	y.describe("table: orders\ncolumns: {id: date}")
	y.refused(fault.Invalid, "id is integer at the source, which is not read as date")
	y.describe("table: orders\ncolumns: {idd: integer}")
	y.refused(fault.Held, "orders has no column idd any more")
	y.describe("query: SELECT id FROM orders WHERE")
	y.refused(fault.Invalid, "PostgreSQL says: syntax error")
	y.psql("CREATE ROLE guest LOGIN PASSWORD 'hush'")
	for url, want := range map[string]struct {
		kind fault.Kind
		says string
	}{
		server.URLAs("guest:hush", y.base):                      {fault.Denied, "permission denied"},
		server.URL("nowhere"):                                   {fault.NotFound, `database "nowhere" does not exist`},
		"postgres://shop:hush@no-such-host.invalid/shop":        {fault.Unreachable, "there is no host no-such-host.invalid"},
		"postgres://shop:hush@127.0.0.1:1/shop?sslmode=disable": {fault.Unreachable, "does not answer"},
		"postgres://shop:hush@[/shop":                           {fault.Invalid, "is no address"},
	} {
		y.describe("table: orders")
		y.source = sourceAt(y, url)
		_, err := y.land()
		if fault.KindOf(err) != want.kind || !strings.Contains(fmt.Sprint(err), want.says) {
			t.Errorf("%s: got %v (%s), want %s saying %q", url, err, fault.KindOf(err), want.kind, want.says)
		}
		if strings.Contains(fmt.Sprintf("%+v", err), "hush") {
			t.Errorf("the password is told: %v", err)
		}
	}
	y.same(y.loads())
}

// sourceAt is the source at another address.
func sourceAt(y *yard, url string) project.Source {
	y.Helper()
	p, err := project.Load(y.dir, project.Options{
		Env:   func(string) (string, bool) { return url, true },
		Kinds: map[string]project.Kind{"postgres": {Source: &source.Source{}, Table: &source.Table{}, Column: &source.Column{}}},
	})
	if err != nil {
		y.Fatal(err)
	}
	return p.Sources[0]
}
