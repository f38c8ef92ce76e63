package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/engine/duckdb"
	"github.com/larder-data/larder/internal/state/sqlite"
)

// crashes is how often TestKilledAtAnyInstant kills: 200 for the figure in
// bench/, a few whenever the tests run.
func crashes(t *testing.T) int {
	if n, err := strconv.Atoi(os.Getenv("LARDER_CRASHES")); err == nil {
		return n
	}
	if testing.Short() {
		return 4
	}
	return 12
}

// shopOfBatches is a project in which every row of every table carries the
// number of the file it was made from: a table that shows two of them, or the
// wrong number of rows, was published half.
type shopOfBatches struct {
	dir    string
	tables map[string]int // rows each table has
}

func newShopOfBatches(t *testing.T) shopOfBatches {
	t.Helper()
	s := shopOfBatches{dir: t.TempDir(), tables: map[string]int{"lake.erp_lines": 300, "warehouse.lines": 300, "finance.total": 1, "finance.seen": 1}}
	write := func(name, text string) {
		path := filepath.Join(s.dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("larder.yml", "name: crash\n")
	write("sources/erp.yml", "kind: files\npath: data\ntables:\n  lines:\n    files: lines.csv\n    columns: {n: integer, batch: integer}\n    checks: [row_count = 300]\n")
	write("models/warehouse/lines.sql", "/* larder\nchecks:\n  - unique(n)\n  - row_count = 300\n*/\nselect n, batch from lake.erp_lines")
	for i := range 6 {
		name := fmt.Sprintf("part%d", i)
		write("models/warehouse/"+name+".sql", fmt.Sprintf("select n, batch from warehouse.lines where n %% 6 = %d", i))
		s.tables["warehouse."+name] = 50
	}
	write("models/finance/total.sql", "select max(batch) as batch, count(*) as n from (select * from warehouse.part0 union all select * from warehouse.part1)")
	write("models/finance/seen.sql", "-- larder\n-- build: view\nselect batch, n from finance.total")
	return s
}

// drop puts the next batch in the place of the one before.
func (s shopOfBatches) drop(t *testing.T, batch int) {
	t.Helper()
	var b strings.Builder
	b.WriteString("n,batch\n")
	for n := range 300 {
		fmt.Fprintf(&b, "%d,%d\n", n, batch)
	}
	if err := os.MkdirAll(filepath.Join(s.dir, "data"), 0o755); err != nil {
		t.Fatal(err)
	}
	next := filepath.Join(s.dir, "data", "next")
	if err := os.WriteFile(next, []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(next, filepath.Join(s.dir, "data", "lines.csv")); err != nil {
		t.Fatal(err)
	}
}

// larder starts the program in the project.
func (s shopOfBatches) larder(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	path, err := exec.LookPath("larder")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, args...)
	cmd.Dir = s.dir
	return cmd
}

// whole reads every table there is as a reader would, and fails when one is
// half. It returns the batch each shows.
func (s shopOfBatches) whole(t *testing.T) map[string]int64 {
	t.Helper()
	shown := map[string]int64{}
	path := filepath.Join(s.dir, ".larder", "warehouse.duckdb")
	if _, err := os.Stat(path); err != nil {
		return shown // killed before there was any
	}
	e, err := duckdb.Open(t.Context(), duckdb.Settings{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	}()
	relations, err := e.Relations(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range relations {
		want, ours := s.tables[r.Dataset()]
		if !ours {
			continue
		}
		batch, err := engine.ReadAll(t.Context(), e, "SELECT count(*), count(DISTINCT batch), max(batch) FROM "+r.String(), 0)
		if err != nil {
			t.Fatal(err)
		}
		row := batch.Rows[0]
		if row[0] != int64(want) && row[0] != int64(0) || row[1].(int64) > 1 {
			t.Errorf("%s is half: %v rows of %v batches", r.Dataset(), row[0], row[1])
		}
		shown[r.Dataset()], _ = row[2].(int64)
	}
	return shown
}

// agree holds larder.published and the ledger against each other.
func (s shopOfBatches) agree(t *testing.T) {
	t.Helper()
	e, err := duckdb.Open(t.Context(), duckdb.Settings{Path: filepath.Join(s.dir, ".larder", "warehouse.duckdb")})
	if err != nil {
		t.Fatal(err)
	}
	markers, err := e.Published(t.Context())
	if closed := e.Close(); err != nil || closed != nil {
		t.Fatal(err, closed)
	}
	store, err := sqlite.Open(t.Context(), filepath.Join(s.dir, ".larder", "state.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	entries, err := store.Current(t.Context(), "prod")
	open, openErr := store.Intended(t.Context(), "prod")
	if closed := store.Close(); err != nil || openErr != nil || closed != nil {
		t.Fatal(err, openErr, closed)
	}
	versions := map[string]int64{}
	for _, m := range markers {
		versions[m.Dataset] = m.Version
	}
	for _, entry := range entries {
		if versions[entry.Dataset] != entry.Version {
			t.Errorf("%s: the ledger has version %d, the warehouse %d", entry.Dataset, entry.Version, versions[entry.Dataset])
		}
		delete(versions, entry.Dataset)
	}
	if len(versions) > 0 || len(open) > 0 {
		t.Errorf("the ledger does not know %v, and leaves open %v", versions, open)
	}
}

// Whenever a run is killed: no table is half, the next start makes the ledger
// agree with the warehouse, and the next run ends as if nothing had happened.
func TestKilledAtAnyInstant(t *testing.T) {
	s := newShopOfBatches(t)
	random := rand.New(rand.NewPCG(1, 2))
	full := 300 * time.Millisecond // how long a run takes, as far as is known
	killed, repaired := 0, 0
	for batch := 1; batch <= crashes(t); batch++ {
		s.drop(t, batch)
		cmd := s.larder(t, "run", "-q")
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		timer := time.AfterFunc(time.Duration(random.Int64N(int64(full))), func() { _ = cmd.Process.Kill() })
		if cmd.Wait() != nil {
			killed++
		}
		timer.Stop()
		s.whole(t)

		began := time.Now()
		plan := s.larder(t, "plan") // starts, reconciles, changes nothing else
		out, err := plan.CombinedOutput()
		if err != nil {
			t.Fatalf("the start after kill %d: %v\n%s", batch, err, out)
		}
		if strings.Contains(string(out), "note:") {
			repaired++
		}
		s.agree(t)
		if out, err := s.larder(t, "run", "-q").CombinedOutput(); err != nil {
			t.Fatalf("the run after kill %d: %v\n%s", batch, err, out)
		}
		full = max(full, time.Since(began))
		s.agree(t)
		shown := s.whole(t)
		for dataset := range s.tables {
			if shown[dataset] != int64(batch) {
				t.Errorf("after kill %d %s shows batch %d", batch, dataset, shown[dataset])
			}
		}
	}
	if killed == 0 {
		t.Error("no run was killed before its end")
	}
	t.Logf("%d runs, %d killed before their end, %d starts had something to repair", crashes(t), killed, repaired)
}
