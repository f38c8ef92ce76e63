package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/engine/duckdb"
	"github.com/larder-data/larder/internal/engine/postgres"
	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/pgtest"
	"github.com/larder-data/larder/internal/table"
)

// versionSize is how many rows every version has.
const versionSize = 200

// rowsOf is a query of a version's rows; what follows makes columns of its own.
func rowsOf(version int64, columns string) string {
	return fmt.Sprintf("SELECT n, %d::bigint AS version%s FROM generate_series(1, %d) AS g(n)", version, columns, versionSize)
}

// act brings out a version of a dataset in one of the ways there are.
type act struct {
	name    string
	dataset string
	do      func(ctx context.Context, e *postgres.Engine, version int64, run string) error
}

// acts alternate, so that tables are filled, exchanged and kept by turns.
var acts = []act{
	{"fill", "a.b", brings("", 0)},
	{"fill again", "a.b", brings("", 0)},
	{"fill and keep", "a.b", brings("", 1)},
	{"exchange and keep", "a.b", brings(", 'x' AS t", 2)},
	{"fill and keep what was exchanged", "a.b", brings(", 'y' AS t", 2)},
	{"exchange", "a.b", brings("", 0)},
	{"build directly", "a.b", func(ctx context.Context, e *postgres.Engine, version int64, run string) error {
		b := build("a.b", rowsOf(version, ""))
		b.Run = run
		_, err := e.BuildAndPublish(ctx, b, ranMarker("a.b", version, run))
		return err
	}},
	{"land", "lake.x", lands(false)},
	{"land what was previewed", "lake.x", lands(true)},
}

func ranMarker(dataset string, version int64, run string) engine.Marker {
	m := marker(dataset, version)
	m.Run = run
	return m
}

func brings(columns string, keep int) func(context.Context, *postgres.Engine, int64, string) error {
	return func(ctx context.Context, e *postgres.Engine, version int64, run string) error {
		b := build("a.b", rowsOf(version, columns))
		b.Run, b.Keep = run, keep
		s, err := e.Stage(ctx, b)
		if err != nil {
			return err
		}
		return e.Publish(ctx, engine.Publication{Staged: s, Marker: ranMarker("a.b", version, run), Keep: keep})
	}
}

// lands lands a load that takes the place of all before it.
func lands(previewed bool) func(context.Context, *postgres.Engine, int64, string) error {
	return func(ctx context.Context, e *postgres.Engine, version int64, run string) error {
		l := engine.Landing{
			Target: engine.ParseRelation("lake.x"), Mode: engine.Window, WindowColumn: "day",
			Columns: []table.Column{column("day", table.Integer), column("n", table.Integer), column("version", table.BigInt)},
			Loads:   []engine.ArchivedLoad{{ID: "load" + strconv.FormatInt(version, 10), Sequence: version, Rows: versionSize, Parquet: []string{archivePath(version)}}},
			Marker:  ranMarker("lake.x", version, run),
		}
		if err := archiveVersion(ctx, version); err != nil {
			return err
		}
		if previewed {
			if _, err := e.Preview(ctx, l); err != nil {
				return err
			}
		}
		_, err := e.Land(ctx, l)
		return err
	}
}

// childDir is where parent and child keep what they land; the rest tells the
// child what to do.
const (
	childURL  = "LARDER_TEST_URL"
	childDir  = "LARDER_TEST_DIR"
	childAct  = "LARDER_TEST_ACT"
	childStep = "LARDER_TEST_STEP"
	childRun  = "LARDER_TEST_RUN"
)

func archivePath(version int64) string {
	return fmt.Sprintf("%s/%d.parquet", os.Getenv(childDir), version)
}

func archiveVersion(ctx context.Context, version int64) error {
	archive, err := duckdb.OpenMemory(ctx, "UTC")
	if err != nil {
		return err
	}
	_, err = engine.ReadAll(ctx, archive, fmt.Sprintf(`COPY (SELECT 1 AS day, n::integer AS n, %d AS version, 'load%d' AS _load, 'f.csv' AS _file, n AS _row,
		TIMESTAMPTZ '2024-03-01 12:00:00+00' AS _loaded_at FROM range(%d) AS r(n)) TO %s (FORMAT parquet)`,
		version, version, versionSize, engine.Literal(archivePath(version))), 0)
	return errors.Join(err, archive.Close())
}

// seen is the version readers see of a dataset, 0 when there is none. It fails
// the test unless it is whole and the marker's.
func seen(t *testing.T, e *postgres.Engine, dataset string) int64 {
	t.Helper()
	if _, err := e.Columns(t.Context(), engine.ParseRelation(dataset)); fault.KindOf(err) == fault.NotFound {
		if got := read(t, e, "SELECT version FROM larder.published WHERE dataset = "+engine.Literal(dataset)); len(got) > 0 {
			t.Fatalf("%s does not exist, and is marked as version %v", dataset, got)
		}
		return 0
	}
	batch, err := engine.ReadAll(t.Context(), e, `SELECT count(*), count(DISTINCT n), min(version), max(version),
		(SELECT version FROM larder.published WHERE dataset = `+engine.Literal(dataset)+") FROM "+dataset, 0)
	must(t, err)
	row := batch.Rows[0]
	version, ok := row[4].(int64)
	if !ok || row[0] != int64(versionSize) || row[1] != int64(versionSize) || row[2] != version || row[3] != version {
		t.Fatalf("readers see %v of %s", row, dataset)
	}
	return version
}

// TestKilled is the child of TestAKilledProcessLeavesAWholeVersion: it brings
// out versions until it kills itself.
func TestKilled(t *testing.T) {
	if os.Getenv(childURL) == "" {
		t.Skip("only a child of TestAKilledProcessLeavesAWholeVersion")
	}
	first, last := number(t, childAct), number(t, childStep)
	archive, err := duckdb.OpenMemory(t.Context(), "UTC")
	must(t, err)
	n := 0
	e, err := postgres.Open(t.Context(), postgres.Settings{URL: os.Getenv(childURL), TimeZone: "Europe/London", Archive: archive, Interfere: func(string) error {
		if n++; n == last {
			return syscall.Kill(os.Getpid(), syscall.SIGKILL)
		}
		return nil
	}})
	must(t, err)
	for i := first; ; i++ {
		a := acts[i%len(acts)]
		must(t, a.do(t.Context(), e, seen(t, e, a.dataset)+1, os.Getenv(childRun)))
	}
}

func number(t *testing.T, name string) int {
	t.Helper()
	n, err := strconv.Atoi(os.Getenv(name))
	must(t, err)
	return n
}

func TestAKilledProcessLeavesAWholeVersion(t *testing.T) {
	p := placeOn(t, pgtest.Start(t))
	t.Setenv(childDir, p.dir)
	moments := momentsOf(t, p)
	kills := 200
	if testing.Short() {
		kills = 30
	}
	e := p.open(t)
	counts := map[int64]int{} // how far the version moved -> kills
	for i := range kills {
		m := moments[i*len(moments)/kills%len(moments)]
		if kills >= len(moments) {
			m = moments[i%len(moments)]
		}
		dataset, run := acts[m.act].dataset, fmt.Sprintf("killed%d", i)
		before := seen(t, e, dataset)
		killed(t, p, m, run)
		after := seen(t, e, dataset)
		if after != before && after != before+1 {
			t.Fatalf("killed in %s at step %d: version %d after %d", acts[m.act].name, m.step, after, before)
		}
		counts[after-before]++
		gone(t, p, run)
		if _, err := e.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		if l := left(t, e); len(l) > 0 {
			t.Fatalf("killed in %s at step %d: %v is left", acts[m.act].name, m.step, l)
		}
	}
	t.Logf("%d kills at %d steps of %d acts: %v", kills, len(moments), len(acts), counts)
}

// moment is a step of an act at which a process dies.
type moment struct{ act, step int }

// momentsOf does every act once, for its steps. The one after the last is in
// the next act: the commit has happened.
func momentsOf(t *testing.T, p *place) []moment {
	t.Helper()
	n := 0
	e := p.open(t, interfered(func(string) error { n++; return nil }))
	for _, a := range acts { // what is there changes what an act does
		must(t, a.do(t.Context(), e, seen(t, e, a.dataset)+1, "counting"))
	}
	var out []moment
	for i, a := range acts {
		n = 0
		must(t, a.do(t.Context(), e, seen(t, e, a.dataset)+1, "counting"))
		for step := range n + 1 {
			out = append(out, moment{i, step + 1})
		}
	}
	return out
}

// killed runs a child that kills itself in an act.
func killed(t *testing.T, p *place, m moment, run string) {
	t.Helper()
	child := exec.Command(os.Args[0], "-test.run=^TestKilled$", "-test.timeout=60s")
	child.Env = append(os.Environ(), childURL+"="+p.server.URL(p.database), childAct+"="+strconv.Itoa(m.act),
		childStep+"="+strconv.Itoa(m.step), childRun+"="+run)
	out, err := child.CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.Success() || exit.Exited() {
		t.Fatalf("the child was not killed: %v\n%s", err, out)
	}
}

// gone waits until the server knows that a run's process has ended.
func gone(t *testing.T, p *place, run string) {
	t.Helper()
	await(t, "the server to notice that "+run+" is gone", func() bool {
		return p.psql(t, "SELECT pg_try_advisory_xact_lock(hashtextextended("+engine.Literal("larder run "+run)+", 0))")[0] == "t"
	})
}

// await asks until something is so.
func await(t *testing.T, what string, so func() bool) {
	t.Helper()
	for began := time.Now(); !so(); {
		if time.Since(began) > time.Minute {
			t.Fatal("waited in vain for " + what)
		}
	}
}
