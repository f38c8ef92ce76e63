package app

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/larder-data/larder/internal/state"
)

// A clock that goes backwards reorders nothing: what came last is the newest.
func TestTheClockGoesBackwards(t *testing.T) {
	clock := time.Date(2026, 3, 31, 18, 0, 0, 0, time.UTC)
	dir := unpack(t, heldProject)
	if err := os.WriteFile(filepath.Join(dir, "data", "lines.csv"), []byte("amount\n1\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	a := connected(t, dir, &clock)
	ran(t, a)
	clock = clock.AddDate(-1, 0, 0)
	if outcomes, _ := ran(t, a); len(outcomes) > 0 {
		t.Errorf("nothing changed, but %v ran", outcomes)
	}
	if err := os.WriteFile(filepath.Join(dir, "data", "lines.csv"), []byte("amount\n1\n20\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	outcomes, _ := ran(t, a)
	for dataset, outcome := range outcomes {
		if outcome != state.Done {
			t.Errorf("%s: %s", dataset, outcome)
		}
	}
	if len(outcomes) != 3 {
		t.Errorf("the corrected file reached %v", outcomes)
	}
	runs, err := a.Runs(t.Context(), 0)
	if err != nil || len(runs) != 3 || !runs[0].AsOf.Before(runs[2].AsOf) || runs[0].ID < runs[1].ID || runs[1].ID < runs[2].ID {
		t.Errorf("the newest run is not first: %+v %v", runs, err)
	}
	if plan, err := a.Plan(t.Context(), Request{}); err != nil || len(plan.Steps) > 0 {
		t.Errorf("there is still something to do: %+v %v", plan.Steps, err)
	}
}
