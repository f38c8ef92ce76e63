package app

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/larder-data/larder/internal/build"
	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/ingest"
	"github.com/larder-data/larder/internal/ingest/existing"
	"github.com/larder-data/larder/internal/project"
	"github.com/larder-data/larder/internal/state"
	"github.com/larder-data/larder/internal/table"
)

// landedSources are the sources Larder lands itself.
func (a *App) landedSources() []project.Source {
	var out []project.Source
	for _, s := range a.Project.Sources {
		if s.Kind != existing.Kind {
			out = append(out, s)
		}
	}
	return out
}

// Stands reports whether a dataset is a table another tool lands in the warehouse.
func (a *App) Stands(dataset string) bool {
	_, ok := a.stand[dataset]
	return ok
}

// lakeColumns returns the columns of every lake table as models read it.
func (a *App) lakeColumns(ctx context.Context) (map[string][]table.Column, error) {
	var faults fault.List
	columns, err := a.ingest.Columns(ctx)
	faults.Add(err)
	for dataset := range columns {
		columns[dataset] = engine.WithProvenance(columns[dataset])
	}
	a.stand = map[string]existing.Standing{}
	for _, s := range a.Project.Sources {
		if s.Kind != existing.Kind {
			continue
		}
		for _, t := range s.Tables {
			standing, err := existing.Of(ingest.Table{SourceTable: t, Source: s})
			faults.Add(err)
			if err == nil {
				a.stand[t.Dataset] = standing
			}
		}
	}
	if len(a.stand) > 0 {
		faults.Add(a.standingColumns(ctx, columns))
	}
	return columns, faults.Err()
}

// standingColumns adds the columns of tables that stand in the warehouse: as
// declared, else as the warehouse has them.
func (a *App) standingColumns(ctx context.Context, into map[string][]table.Column) error {
	past, err := a.recallStanding(ctx)
	if err != nil {
		return err
	}
	var faults fault.List
	var ask []existing.Standing
	for _, dataset := range a.lakeDatasets() {
		t, ok := a.stand[dataset]
		switch {
		case !ok:
		case past.ours[strings.ToLower(t.Relation.Dataset())]:
			faults.Add(t.Own())
		default:
			if into[dataset] = declaredWhole(t); into[dataset] == nil {
				ask = append(ask, t)
			}
		}
	}
	if len(ask) == 0 {
		return faults.Err()
	}
	reader, err := a.openBare(ctx)
	if err != nil {
		faults.Add(recalledColumns(ask, past, into, err))
		return faults.Err()
	}
	for _, t := range ask {
		into[t.Dataset], err = a.boundColumns(ctx, reader, t, past)
		faults.Add(err)
	}
	faults.Add(reader.Close())
	return faults.Err()
}

// declaredWhole are the declared columns when each says its type, else nil.
func declaredWhole(t existing.Standing) []table.Column {
	var out []table.Column
	for _, c := range t.Columns {
		if c.Type == (table.Type{}) {
			return nil
		}
		out = append(out, table.Column{Name: c.Name, Type: c.Type})
	}
	return out
}

// recalledColumns are those the ledger remembers of tables in a warehouse that
// cannot be asked now.
func recalledColumns(of []existing.Standing, past standingPast, into map[string][]table.Column, why error) error {
	var faults fault.List
	for _, t := range of {
		if into[t.Dataset] = past.columns(t); into[t.Dataset] == nil {
			faults.Add(fault.At(t.Where, fault.KindOf(why), "the columns of %s cannot be asked for: %w", t.Relation.Dataset(), why).
				WithHint("declare columns: with their types, or build when the warehouse has the table"))
		}
	}
	return faults.Err()
}

// boundColumns are what models are bound against. What is wrong with a table that
// was never published is an error; of one that was, its own step tells, and the
// others go on.
func (a *App) boundColumns(ctx context.Context, e engine.Engine, t existing.Standing, past standingPast) ([]table.Column, error) {
	known := past.columns(t)
	columns, err := look(ctx, e, t, past)
	if err == nil || known == nil {
		return columns, err
	}
	if fault.KindOf(err) != fault.Held {
		a.doubts.Add(err)
	}
	if columns == nil {
		columns = known
	}
	return columns, nil
}

// Doubts are what is wrong with tables other tools land in the warehouse, beside
// changes of their columns. It keeps nobody from working with the others.
func (a *App) Doubts() error { return a.doubts.Err() }

// look returns the columns models read a standing table by, and what keeps it
// from being read: Held for columns that are not as they were, with them as they
// are held; NotFound, Denied or Invalid without.
func look(ctx context.Context, e engine.Engine, t existing.Standing, past standingPast) ([]table.Column, error) {
	there, err := e.Columns(ctx, t.Relation)
	if fault.KindOf(err) == fault.NotFound {
		relations, err := e.Relations(ctx)
		if err != nil {
			return nil, err
		}
		return nil, t.Missing(past.others(relations))
	}
	if err != nil {
		return nil, t.Unreadable(err)
	}
	columns, err := t.Shape(past.columns(t), there)
	if err != nil {
		return columns, err
	}
	if err := t.Watched(there); err != nil {
		return nil, err
	}
	_, err = engine.ReadAll(ctx, e, t.ProbeSQL(), 1)
	return columns, t.Unreadable(err)
}

// standingPast is what the ledger remembers.
type standingPast struct {
	entries map[string]state.Entry
	ours    map[string]bool // relations that are datasets of Larder's, in small letters
}

// recallStanding reads production's ledger; what the project describes is
// Larder's, too.
func (a *App) recallStanding(ctx context.Context) (standingPast, error) {
	past := standingPast{map[string]state.Entry{}, map[string]bool{}}
	for dataset := range a.models {
		past.own(build.Place(build.Production).Relation(dataset))
	}
	if _, err := os.Stat(a.Project.State); err != nil {
		return past, nil //nolint:nilerr // nothing was ever built
	}
	if err := a.remember(ctx); err != nil {
		return past, err
	}
	environments, err := a.store.Environments(ctx)
	if err != nil {
		return past, fault.Wrap("state", err)
	}
	for _, env := range append(environments, state.Environment{Name: build.Production}) {
		entries, err := a.store.Current(ctx, env.Name)
		if err != nil {
			return past, fault.Wrap("ledger", err)
		}
		for _, e := range entries {
			past.own(build.Place(env.Name).Relation(e.Dataset))
			if env.Name == build.Production {
				past.entries[e.Dataset] = e
			}
		}
	}
	return past, nil
}

func (p standingPast) own(r engine.Relation) {
	p.ours[strings.ToLower(r.Dataset())] = true
	p.ours[strings.ToLower(engine.RejectsOf(r).Dataset())] = true
}

// others are the names of relations that are not Larder's.
func (p standingPast) others(relations []engine.Relation) []string {
	var out []string
	for _, r := range relations {
		if !p.ours[strings.ToLower(r.Dataset())] && !strings.EqualFold(r.Schema, "lake") {
			out = append(out, r.Dataset())
		}
	}
	return out
}

// columns are those a table was last published with, nil when it was not, or
// when its name stood for another relation then.
func (p standingPast) columns(t existing.Standing) []table.Column {
	e, ok := p.entries[t.Dataset]
	if !ok || len(e.Inputs) > 0 && e.Inputs[0].Dataset != t.Relation.Dataset() {
		return nil
	}
	return e.Columns
}

// followChanges lets the freshness of a table that is not landed be that of what
// is in it: when it was last published says nothing of the tool that fills it.
func (a *App) followChanges() {
	for dataset, t := range a.stand {
		node := a.Graph.Nodes[dataset]
		if node == nil {
			continue
		}
		for _, c := range node.Columns {
			if !strings.EqualFold(c.Name, t.Settings.ChangedBy.Value) || !tellsTime(c.Type.Kind) {
				continue
			}
			for i := range a.checks[dataset] {
				if rule := &a.checks[dataset][i].Rule; rule.Kind == project.Freshness && len(rule.Columns) == 0 {
					rule.Columns = []string{c.Name}
				}
			}
		}
	}
}

func tellsTime(k table.Kind) bool {
	return k == table.Date || k == table.Timestamp || k == table.TimestampTZ
}

// try shows the first rows of a lake table.
func (a *App) try(ctx context.Context, dataset string) (ingest.Tried, error) {
	t, ok := a.stand[dataset]
	if !ok {
		return a.ingest.Try(ctx, dataset, sampleRows)
	}
	tried := ingest.Tried{Dataset: dataset, From: t.Relation.Dataset()}
	reader, err := a.openBare(ctx)
	if err != nil {
		return tried, err
	}
	if tried.Columns, err = look(ctx, reader, t, standingPast{}); err == nil {
		tried.Sample, err = engine.ReadAll(ctx, reader, fmt.Sprintf("%s LIMIT %d", t.SQL(table.Names(tried.Columns)), sampleRows), 0)
	}
	return tried, firstOf(err, reader.Close())
}
