package app

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/larder-data/larder/internal/build"
	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/state"
)

// PastVersion is an earlier version of a dataset that can be restored.
type PastVersion struct {
	Version int64     `json:"version"`
	Run     string    `json:"run"`
	At      time.Time `json:"at"`
	Rows    int64     `json:"rows"`
	Note    string    `json:"note,omitempty"` // e.g. that it was a rollback itself
}

// PastVersions are the earlier versions of a dataset, the newest first, and why
// there are no more of them when there are none.
type PastVersions struct {
	Dataset  string        `json:"dataset"`
	Versions []PastVersion `json:"versions"`
	Held     string        `json:"held,omitempty"` // why it stays as it is, if it does
	None     string        `json:"none,omitempty"`
}

// Past lists the versions of a dataset that can be restored. Connect comes first.
func (a *App) Past(ctx context.Context, target string) (PastVersions, error) {
	dataset, _, err := a.resolve(target)
	if err != nil {
		return PastVersions{}, err
	}
	past, err := a.builder(nil).Past(ctx, dataset)
	if err != nil {
		return PastVersions{}, err
	}
	held, err := a.memory().Held(ctx)
	out := PastVersions{Dataset: dataset, Versions: []PastVersion{}}
	for _, e := range past {
		out.Versions = append(out.Versions, PastVersion{Version: e.Version, Run: e.Run, At: e.At, Rows: e.Rows, Note: e.Note})
	}
	if h, ok := held[dataset]; ok {
		out.Held = h.Why()
	}
	if len(past) == 0 {
		out.None = a.nothingKept(dataset)
	}
	return out, err
}

// nothingKept says why no earlier version of a dataset can be restored.
func (a *App) nothingKept(dataset string) string {
	m := a.models[dataset]
	t, stands := a.stand[dataset]
	switch {
	case stands:
		return "its rows stand in " + t.Relation.Dataset() + ", which another tool fills: no copy of them is kept"
	case m == nil:
		return "it is a lake table: what arrived is what it holds; a corrected file supersedes the one before"
	case m.Build == "view":
		return "it is a view, which has no rows of its own: roll back what it reads, " + strings.Join(a.Graph.Nodes[dataset].DependsOn, " or ")
	case m.History == 0:
		return "none is kept: history is 0"
	case a.env != build.Production && a.where(dataset).Dataset() == dataset:
		return a.env + " reads it from production"
	default:
		return "none was published before the one there is, or not since versions are kept"
	}
}

// PlanRollback plans to publish the version of a dataset again that a run had
// published. Connect comes first; Run carries it out. The error is NotFound for
// a dataset there is none of and a run none of whose versions is kept, Invalid
// without a reason.
func (a *App) PlanRollback(ctx context.Context, target, run, reason string) (build.Plan, error) {
	dataset, _, err := a.resolve(target)
	if err != nil {
		return build.Plan{}, err
	}
	reason = strings.TrimSuffix(strings.TrimSpace(reason), ".")
	if reason == "" {
		return build.Plan{}, fault.New(fault.Invalid, "a rollback needs a reason").WithHint("say why with --reason: it is shown with every answer")
	}
	to, err := a.versionOf(ctx, dataset, run)
	if err != nil {
		return build.Plan{}, err
	}
	return a.builder(nil).PlanRollback(ctx, build.Restoration{To: to, Reason: reason, By: who()}, a.options.Now().UTC())
}

// versionOf finds the version a run published among those kept.
func (a *App) versionOf(ctx context.Context, dataset, run string) (state.Entry, error) {
	past, err := a.builder(nil).Past(ctx, dataset)
	if err != nil {
		return state.Entry{}, err
	}
	there := []string{}
	for _, e := range past {
		if e.Run == run {
			return e, nil
		}
		there = append(there, fmt.Sprintf("%s (version %d)", e.Run, e.Version))
	}
	unknown := fault.New(fault.NotFound, "no version of %s that run %s published is kept", dataset, run)
	if len(there) == 0 {
		return state.Entry{}, unknown.WithHint("%s", a.nothingKept(dataset))
	}
	return state.Entry{}, unknown.WithHint("there is %s", strings.Join(there, ", "))
}

// Release lets runs build a dataset again that was rolled back, and what is
// made from it, and returns the rollback that ends. NotFound when it is not
// rolled back in the environment.
func (a *App) Release(ctx context.Context, target string) (state.Rollback, error) {
	dataset, _, err := a.resolve(target)
	if err != nil {
		return state.Rollback{}, err
	}
	held, err := a.memory().Held(ctx)
	if err != nil {
		return state.Rollback{}, err
	}
	h, ok := held[dataset]
	if r := h.Rollback; !ok || r.Dataset != dataset || r.Env != a.env {
		problem := fault.New(fault.NotFound, "%s is not rolled back", dataset)
		if ok {
			problem = problem.WithHint("it is %s", h.Why())
		}
		return state.Rollback{}, problem
	}
	h.Rollback.Ended = a.options.Now()
	return h.Rollback, a.store.Release(ctx, a.env, dataset, h.Rollback.Ended)
}

// RolledBack is a rollback, and whether it holds its dataset now.
type RolledBack struct {
	state.Rollback
	Standing bool `json:"standing"`
}

// Rollbacks returns everything that was ever rolled back, the newest first.
func (a *App) Rollbacks(ctx context.Context) ([]RolledBack, error) {
	if err := a.remember(ctx); err != nil {
		return nil, err
	}
	found, err := a.store.Rollbacks(ctx, a.env)
	if err != nil {
		return nil, fault.Wrap("state", err)
	}
	seen, err := a.seen(ctx)
	out := make([]RolledBack, len(found))
	for i, r := range found {
		out[i] = RolledBack{r, r.Stands(seen[r.Dataset])}
	}
	return out, err
}

// memory is a builder that only remembers.
func (a *App) memory() *build.Builder {
	return &build.Builder{Env: a.env, Graph: a.Graph, Store: a.store}
}

// holdNotes says of each dataset that it was rolled back, or that it is older
// than what it is made from.
func (a *App) holdNotes(ctx context.Context) (map[string]string, error) {
	held, err := a.memory().Held(ctx)
	if err != nil {
		return nil, err
	}
	notes := map[string]string{}
	for dataset, h := range held {
		switch {
		case h.Rollback.Dataset == dataset:
			notes[dataset] = dataset + " is " + h.Why()
		case a.models[dataset].Build != "view":
			notes[dataset] = dataset + " depends on " + h.Rollback.Dataset + ", and stays as it was before that was rolled back"
		}
	}
	return notes, nil
}

// HeldTogether are the datasets one rollback holds.
type HeldTogether struct {
	Why  string   // of the dataset that was rolled back
	Root string   // that dataset
	With []string // those made from it
}

// Together groups holds by the rollback they come from.
func Together(holds []build.Hold) []HeldTogether {
	var out []HeldTogether
	for _, h := range holds {
		root := h.Rollback.Dataset
		i := slices.IndexFunc(out, func(t HeldTogether) bool { return t.Root == root })
		if i < 0 {
			i = len(out)
			out = append(out, HeldTogether{Why: build.Hold{Dataset: root, Rollback: h.Rollback}.Why(), Root: root})
		}
		if h.Dataset != root {
			out[i].With = append(out[i].With, h.Dataset)
		}
	}
	return out
}
