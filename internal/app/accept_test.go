package app

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/tools/txtar"

	"github.com/larder-data/larder/internal/build"
	"github.com/larder-data/larder/internal/state"
)

// unpack writes a project's files into a folder of their own.
func unpack(t testing.TB, archive string) string {
	t.Helper()
	dir := t.TempDir()
	for _, f := range txtar.Parse([]byte(archive)).Files {
		name := filepath.Join(dir, f.Name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, f.Data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// connected opens a project by a clock of the test's.
func connected(t *testing.T, dir string, clock *time.Time) *App {
	t.Helper()
	a, err := Load(t.Context(), Options{Dir: dir, Now: func() time.Time { return *clock }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := a.Connect(context.Background()); err != nil {
		t.Fatal(err)
	}
	return a
}

// ran plans and runs, and returns how each dataset's step ended.
func ran(t *testing.T, a *App) (map[string]state.Outcome, []state.Result) {
	t.Helper()
	plan, err := a.Plan(t.Context(), Request{})
	if err != nil {
		t.Fatal(err)
	}
	report, err := a.Run(t.Context(), plan, RunOptions{Command: "test"})
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]state.Outcome{}
	for _, s := range report.Steps {
		out[s.Dataset] = s.Outcome
	}
	return out, report.Results
}

const heldProject = `
-- larder.yml --
name: shop
-- sources/erp.yml --
kind: files
path: data
tables:
  lines:
    files: lines.csv
    columns: {amount: integer}
-- data/lines.csv --
amount
1000
-- models/finance/daily.sql --
/* larder
checks:
  - small:
      rows: net < 1000
*/
select sum(amount) as net from lake.erp_lines
-- models/finance/report.sql --
select net from finance.daily
`

func TestAnAcceptanceEndsByItself(t *testing.T) {
	clock := time.Date(2026, 3, 31, 18, 0, 0, 0, time.UTC)
	a := connected(t, unpack(t, heldProject), &clock)
	if outcomes, _ := ran(t, a); outcomes["finance.daily"] != state.HeldBack || outcomes["finance.report"] != state.Blocked {
		t.Fatalf("before: %v", outcomes)
	}
	if _, err := a.Accept(t.Context(), "finance.daily", "small", "month's end", clock.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	outcomes, results := ran(t, a)
	if outcomes["finance.daily"] != state.Done || outcomes["finance.report"] != state.Done {
		t.Fatalf("accepted: %v", outcomes)
	}
	if results[0].Status != state.Accepted || !results[0].Published {
		t.Errorf("accepted: the result is %+v", results[0])
	}
	if outcomes, _ := ran(t, a); len(outcomes) > 0 {
		t.Errorf("while it stands there is nothing to do, but %v ran", outcomes)
	}

	clock = clock.Add(2 * time.Hour)
	plan, err := a.Plan(t.Context(), Request{})
	if err != nil {
		t.Fatal(err)
	}
	if len(plan.Steps) != 1 || plan.Steps[0].Action != build.Check || plan.Steps[0].Dataset != "finance.daily" {
		t.Fatalf("afterwards it is to be judged again, not %+v", plan.Steps)
	}
	outcomes, results = ran(t, a)
	if outcomes["finance.daily"] != state.HeldBack || results[0].Status != state.Block {
		t.Errorf("afterwards: %v, %+v", outcomes, results[0])
	}
}
