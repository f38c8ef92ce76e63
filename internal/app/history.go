package app

import (
	"context"
	"fmt"
	"strings"

	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/state"
)

// RunSummary is a run and how its steps ended.
type RunSummary struct {
	state.Run
	Steps map[state.Outcome]int `json:"steps"`
}

// Counts tells how the steps ended, in words.
func (r RunSummary) Counts() string {
	var parts []string
	for _, o := range []state.Outcome{state.Done, state.HeldBack, state.Errored, state.Blocked, state.Interrupted, state.Running} {
		if n := r.Steps[o]; n > 0 {
			word := string(o)
			if o == state.Blocked {
				word = "waiting"
			}
			parts = append(parts, fmt.Sprintf("%d %s", n, word))
		}
	}
	return strings.Join(parts, ", ")
}

// PastRun is everything remembered of one run.
type PastRun struct {
	Run     state.Run      `json:"run"`
	Steps   []state.Step   `json:"steps"`
	Results []state.Result `json:"checks"`
}

// Runs returns the newest runs first, at most limit (0: all).
func (a *App) Runs(ctx context.Context, limit int) ([]RunSummary, error) {
	if err := a.remember(ctx); err != nil {
		return nil, err
	}
	runs, err := a.store.Runs(ctx, a.env, limit)
	if err != nil {
		return nil, fault.Wrap("journal", err)
	}
	out := make([]RunSummary, len(runs))
	for i, r := range runs {
		steps, err := a.store.Steps(ctx, r.ID)
		if err != nil {
			return nil, fault.Wrap("journal", err)
		}
		out[i] = RunSummary{Run: r, Steps: map[state.Outcome]int{}}
		for _, s := range steps {
			out[i].Steps[s.Outcome]++
		}
	}
	return out, nil
}

// PastRun returns one run by its id, or the newest for "last". NotFound names
// the nearest.
func (a *App) PastRun(ctx context.Context, which string) (PastRun, error) {
	if err := a.remember(ctx); err != nil {
		return PastRun{}, err
	}
	runs, err := a.store.Runs(ctx, a.env, 0)
	if err != nil {
		return PastRun{}, fault.Wrap("journal", err)
	}
	for _, r := range runs {
		if which != "last" && r.ID != which {
			continue
		}
		past := PastRun{Run: r}
		if past.Steps, err = a.store.Steps(ctx, r.ID); err != nil {
			return PastRun{}, fault.Wrap("journal", err)
		}
		past.Results, err = a.store.Of(ctx, r.ID)
		return past, fault.Wrap("check results", err)
	}
	return PastRun{}, fault.New(fault.NotFound, "there is no run %q", which).WithHint("larder history lists them")
}

// StepsOf returns what the newest runs did to one dataset, newest first.
func (a *App) StepsOf(ctx context.Context, target string, limit int) ([]state.Step, error) {
	dataset, _, err := a.resolve(target)
	if err != nil {
		return nil, err
	}
	if err := a.remember(ctx); err != nil {
		return nil, err
	}
	runs, err := a.store.Runs(ctx, a.env, limit)
	if err != nil {
		return nil, fault.Wrap("journal", err)
	}
	out := []state.Step{}
	for _, r := range runs {
		steps, err := a.store.Steps(ctx, r.ID)
		if err != nil {
			return nil, fault.Wrap("journal", err)
		}
		for _, s := range steps {
			if s.Dataset == dataset {
				out = append(out, s)
			}
		}
	}
	return out, nil
}
