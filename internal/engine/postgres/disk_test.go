//go:build linux

package postgres_test

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/engine/postgres"
	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/pgtest"
	"github.com/larder-data/larder/internal/table"
)

// smallDisk makes a database keep its tables on a disk of a few megabytes, which
// only root may mount, and returns its folder. Elsewhere the test is skipped, in CI
// it must not be.
func (p *place) smallDisk(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "larder-pg-small") // the server has to reach it
	must(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	must(t, os.Chmod(dir, 0o755))
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=24m"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("CI has to run this as root, to mount a small disk: %v", err)
		}
		t.Skipf("a small disk cannot be mounted here (only root may): %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
	data, err := os.Stat(p.psql(t, "SHOW data_directory")[0])
	must(t, err)
	who, ok := data.Sys().(*syscall.Stat_t)
	if !ok {
		t.Fatal("the data folder has no owner")
	}
	must(t, os.Chown(dir, int(who.Uid), int(who.Gid)))
	p.psql(t, "CREATE TABLESPACE small LOCATION "+engine.Literal(dir))
	p.psql(t, "ALTER DATABASE "+p.database+" SET default_tablespace = small", "ALTER DATABASE "+p.database+" SET temp_tablespaces = small",
		"ALTER DATABASE "+p.database+" SET work_mem = '64MB'") // to look at tables needs no disk
	return dir
}

func TestAFullDiskLeavesWhatWasPublished(t *testing.T) {
	p := placeOn(t, pgtest.Start(t))
	ballast := filepath.Join(p.smallDisk(t), "ballast")
	must(t, os.WriteFile(ballast, make([]byte, 1<<20), 0o600))
	megabytes := func(n, version int) engine.Build {
		return build("a.b", fmt.Sprintf("SELECT %d AS version, n, repeat('x', 900) AS t FROM generate_series(1, %d) AS g(n)", version, n*1024))
	}
	e := p.open(t)
	must(t, put(t.Context(), e, megabytes(6, 1), 1))
	before := picture(t, e)
	unchanged := func(err error) {
		t.Helper()
		refused(t, err, fault.OutOfRoom, "room")
		if diff := cmp.Diff(before, picture(t, e)); diff != "" {
			t.Fatal(diff)
		}
		if l := left(t, e); len(l) > 0 {
			t.Fatalf("%v is left", l)
		}
	}
	_, err := e.Stage(t.Context(), megabytes(100, 2))
	unchanged(err)
	_, err = e.BuildAndPublish(t.Context(), megabytes(100, 2), marker("a.b", 2))
	unchanged(err)
	_, err = e.BuildAndPublish(t.Context(), build("a.b", "SELECT n, repeat('x', 900) AS other FROM generate_series(1, 100000) AS g(n)"), marker("a.b", 2))
	unchanged(err)
	// The disk is full of rows that were taken back, and a vacuum needs some room.
	must(t, os.Remove(ballast))
	must(t, e.Tidy(t.Context()))

	// There is room for the staged rows, and none for them a second time.
	s, err := e.Stage(t.Context(), megabytes(10, 2))
	must(t, err)
	err = e.Publish(t.Context(), engine.Publication{Staged: s, Marker: marker("a.b", 2)})
	must(t, e.Discard(t.Context(), s))
	unchanged(err)
	must(t, e.Tidy(t.Context()))

	load := p.cargo(t, 1, "SELECT range::integer AS k, 1 AS v, 2 AS n, repeat('y', 900) AS t FROM range(100000)")
	l := p.landing(engine.Key, load)
	l.Columns = append(l.Columns, column("t", table.Varchar))
	_, err = e.Land(t.Context(), l)
	unchanged(err)
	_, err = e.Preview(t.Context(), l)
	unchanged(err)

	must(t, e.Tidy(t.Context()))
	must(t, put(t.Context(), e, megabytes(1, 3), 3))
	if got := read(t, p.open(t, func(s *postgres.Settings) { s.ReadOnly = true }), "SELECT min(version), max(version), count(*) FROM a.b"); got[0] != "3 3 1024" {
		t.Errorf("readers see %v", got)
	}
}
