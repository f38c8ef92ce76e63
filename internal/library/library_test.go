package library

import (
	"context"
	"database/sql"
	"strings"
	"testing"

	_ "github.com/duckdb/duckdb-go/v2"
	"github.com/google/go-cmp/cmp"

	"github.com/larder-data/larder/internal/pgtest"
)

// duck is an in-memory DuckDB with the library, on one connection.
func duck(t testing.TB) *sql.DB {
	t.Helper()
	db, err := sql.Open("duckdb", "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	db.SetMaxOpenConns(1)
	if _, err := db.Exec("set timezone = 'Europe/London'"); err != nil {
		t.Fatal(err)
	}
	statements, err := Statements(DuckDB)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // twice changes nothing
		for _, s := range statements {
			if _, err := db.ExecContext(context.Background(), s); err != nil {
				t.Fatalf("%v\n%s", err, s)
			}
		}
	}
	return db
}

// postgres is a server with the library.
func postgres(t testing.TB) *pgtest.Server {
	t.Helper()
	p := pgtest.Start(t)
	statements, err := Statements(Postgres)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := p.Psql("postgres", statements...); err != nil {
			t.Fatal(err)
		}
	}
	return p
}

func ask(t testing.TB, db *sql.DB, query string) (string, error) {
	t.Helper()
	var out sql.NullString
	err := db.QueryRow(query).Scan(&out)
	return out.String, err
}

func TestExamples(t *testing.T) {
	db, pg := duck(t), postgres(t)
	var queries, wants []string
	for _, f := range Functions() {
		if f.Example == "" {
			continue
		}
		query := "select (" + f.Example + ")::varchar"
		got, err := ask(t, db, query)
		if err != nil || got != f.Gives {
			t.Errorf("DuckDB: %s gives %q, want %q (%v)", f.Example, got, f.Gives, err)
		}
		wants = append(wants, got)
		queries = append(queries, query)
	}
	lines, err := pg.Psql("postgres", queries...)
	if diff := cmp.Diff(wants, lines); diff != "" || err != nil {
		t.Errorf("PostgreSQL differs (-DuckDB +PostgreSQL): %v\n%s", err, diff)
	}
}

func TestInstalledVersion(t *testing.T) {
	db, pg := duck(t), postgres(t)
	const query = "select larder.library_version()"
	if got, err := ask(t, db, query); got != Version() || err != nil {
		t.Errorf("DuckDB says %q, want %q (%v)", got, Version(), err)
	}
	if lines, err := pg.Psql("postgres", query); strings.Join(lines, "") != Version() || err != nil {
		t.Errorf("PostgreSQL says %q, want %q (%v)", lines, Version(), err)
	}
}

func TestUnknownEngine(t *testing.T) {
	if _, err := Statements("oracle"); err == nil || !strings.Contains(err.Error(), "oracle") {
		t.Errorf("got %v", err)
	}
}

func TestMentioned(t *testing.T) {
	for sql, want := range map[string]bool{
		"select larder.divide(1, 2, 3)": true, `select "LARDER".divide(1, 2, 3)`: true, "select lard from pantry": false, "": false, "larde": false,
	} {
		if got := Mentioned(sql); got != want {
			t.Errorf("%q: got %v", sql, got)
		}
	}
}
