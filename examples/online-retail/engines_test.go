package onlineretail_test

import (
	"fmt"
	"testing"

	"github.com/larder-data/larder/internal/app/apptest"
	"github.com/larder-data/larder/internal/pgtest"
)

// TestBothEnginesBuildTheSame builds the project on DuckDB and on PostgreSQL. No
// model has a file of its own for PostgreSQL.
func TestBothEnginesBuildTheSame(t *testing.T) {
	server := pgtest.Start(t)
	s := newShop(t, publicData(t))
	one := apptest.Build(t, s.dir, apptest.Target{Name: "local", Settings: "{engine: duckdb}"}, s.now)
	other := apptest.Build(t, s.dir, apptest.Target{
		Name: "postgres", Settings: fmt.Sprintf("{engine: postgres, url: %q}", server.URL(server.Database(t))),
	}, s.now)
	if rows := apptest.Same(t, one, other); rows < 100_000 {
		t.Errorf("only %d rows were compared", rows)
	}
}
