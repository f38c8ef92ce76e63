package shop

import (
	"fmt"
	"testing"
	"time"

	"github.com/larder-data/larder/internal/app/apptest"
	"github.com/larder-data/larder/internal/pgtest"
)

// TestBothEnginesBuildTheSame builds the shop on DuckDB and on PostgreSQL. No
// model has a file of its own for PostgreSQL.
func TestBothEnginesBuildTheSame(t *testing.T) {
	server := pgtest.Start(t)
	p := larder{t, t.TempDir(), time.Date(2025, 2, 15, 6, 0, 0, 0, time.UTC)}
	if err := Write(p.dir); err != nil {
		t.Fatal(err)
	}
	truth := simulate(t, p.dir, Options{Days: 45})
	one := apptest.Build(t, p.dir, apptest.Target{Name: "duckdb", Settings: "{engine: duckdb}"}, p.now)
	other := apptest.Build(t, p.dir, apptest.Target{
		Name: "postgres", Settings: fmt.Sprintf("{engine: postgres, url: %q}", server.URL(server.Database(t))),
	}, p.now)
	if rows := apptest.Same(t, one, other); rows < 10_000 {
		t.Errorf("only %d rows were compared", rows)
	}
	t.Run("truth", func(t *testing.T) { compare(t, larder{t, other.Dir(), p.now}, truth) })
}
