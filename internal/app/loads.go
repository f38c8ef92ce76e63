package app

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/larder-data/larder/internal/build"
	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/lake"
)

// PastLoad is one load and what became of it.
type PastLoad struct {
	lake.Manifest
	State  lake.State `json:"state"`
	By     string     `json:"by,omitempty"` // the load that superseded or undid it
	Schema int        `json:"schema"`       // counts the different columns its dataset has had, from 1
	Landed bool       `json:"landed"`       // the warehouse has it
}

// Loads returns the loads of a source, of a lake dataset, or of all for "", the
// newest last. Connect comes first. NotFound names what comes nearest.
func (a *App) Loads(ctx context.Context, of string) ([]PastLoad, error) {
	datasets, err := a.tablesOf(of)
	if err != nil {
		return nil, err
	}
	out := []PastLoad{}
	for _, dataset := range datasets {
		found, err := a.loadsOf(ctx, dataset)
		if err != nil {
			return nil, err
		}
		out = append(out, found...)
	}
	slices.SortStableFunc(out, func(x, y PastLoad) int { return x.LoadedAt.Compare(y.LoadedAt) })
	return out, nil
}

// tablesOf are the datasets of a source, or the one named.
func (a *App) tablesOf(of string) ([]string, error) {
	var all, picked []string
	for _, s := range a.Project.Sources {
		all = append(all, s.Name)
		for _, t := range s.Tables {
			all = append(all, t.Dataset)
			if of == "" || of == s.Name || of == t.Dataset {
				picked = append(picked, t.Dataset)
			}
		}
	}
	if len(picked) == 0 && of != "" {
		return nil, fault.New(fault.NotFound, "there is no source or lake table %s", of).WithHint("%s", fault.DidYouMean(of, all))
	}
	return picked, nil
}

func (a *App) loadsOf(ctx context.Context, dataset string) ([]PastLoad, error) {
	manifests, err := a.ingest.Loads(ctx, dataset)
	if err != nil {
		return nil, err
	}
	landed := map[string]bool{}
	if lander, ok := a.engine.(engine.Lander); ok {
		held, err := lander.Loads(ctx, engine.ParseRelation(dataset))
		if err != nil {
			return nil, fault.Wrap(dataset, err)
		}
		for _, h := range held {
			landed[h.ID] = true
		}
	}
	var out []PastLoad
	var schemas []string
	for _, m := range manifests {
		l := PastLoad{Manifest: m, Landed: landed[m.ID]}
		l.State, l.By = lake.StateOf(manifests, m.ID)
		text := columnsText(m)
		if l.Schema = slices.Index(schemas, text) + 1; l.Schema == 0 && text != "" {
			schemas = append(schemas, text)
			l.Schema = len(schemas)
		}
		out = append(out, l)
	}
	return out, nil
}

// columnsText tells different columns apart, whatever their order.
func columnsText(m lake.Manifest) string {
	var parts []string
	for _, c := range m.Columns {
		parts = append(parts, strings.ToLower(c.Name)+" "+c.Type.String())
	}
	slices.Sort(parts)
	return strings.Join(parts, ", ")
}

// UndoLoad takes a load back; the plan returned brings that into the warehouse
// and builds what is made from it. Connect comes first.
func (a *App) UndoLoad(ctx context.Context, id, reason string) (lake.Manifest, build.Plan, error) {
	var ids []string
	for _, dataset := range a.Graph.Order {
		if a.tables[dataset] == nil {
			continue
		}
		manifests, err := a.ingest.Loads(ctx, dataset)
		if err != nil {
			return lake.Manifest{}, build.Plan{}, err
		}
		for _, m := range manifests {
			if m.ID != id {
				ids = append(ids, m.ID)
				continue
			}
			run, err := a.runID(ctx)
			if err != nil {
				return lake.Manifest{}, build.Plan{}, err
			}
			undo, err := a.ingest.Undo(ctx, dataset, id, who(), reason, run)
			if err != nil {
				return lake.Manifest{}, build.Plan{}, err
			}
			plan, err := a.Plan(ctx, Request{Select: []string{dataset + "+"}})
			return undo, plan, err
		}
	}
	return lake.Manifest{}, build.Plan{}, fault.New(fault.NotFound, "there is no load %s", id).
		WithHint("%s", cmp.Or(fault.DidYouMean(id, ids), "larder loads lists them"))
}
