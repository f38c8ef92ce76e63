package app

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"strings"
	"time"

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
	faults.Add(a.standingColumns(ctx, columns))
	return columns, faults.Err()
}

// standingColumns adds the columns of tables that stand in the warehouse: as
// declared, else as the warehouse has them.
func (a *App) standingColumns(ctx context.Context, into map[string][]table.Column) error {
	var ask []existing.Standing
	for _, dataset := range a.lakeDatasets() {
		t, ok := a.stand[dataset]
		if !ok {
			continue
		}
		if into[dataset] = declaredWhole(t); into[dataset] == nil {
			ask = append(ask, t)
		}
	}
	if len(ask) == 0 {
		return nil
	}
	reader, err := a.openBare(ctx)
	if err != nil {
		return a.recalledColumns(ctx, ask, into, err)
	}
	var faults fault.List
	for _, t := range ask {
		columns, err := columnsOf(ctx, reader, t)
		faults.Add(err)
		into[t.Dataset] = columns
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
func (a *App) recalledColumns(ctx context.Context, of []existing.Standing, into map[string][]table.Column, why error) error {
	known := map[string][]table.Column{}
	if _, err := os.Stat(a.Project.State); err == nil {
		if err := a.remember(ctx); err != nil {
			return err
		}
		entries, err := a.store.Current(ctx, build.Production)
		if err != nil {
			return fault.Wrap("ledger", err)
		}
		for _, e := range entries {
			known[e.Dataset] = e.Columns
		}
	}
	var faults fault.List
	for _, t := range of {
		if into[t.Dataset] = known[t.Dataset]; into[t.Dataset] == nil {
			faults.Add(fault.At(t.Where, fault.KindOf(why), "the columns of %s cannot be asked for: %w", t.Relation.Dataset(), why).
				WithHint("declare columns: with their types, or build when the warehouse has the table"))
		}
	}
	return faults.Err()
}

// columnsOf asks the warehouse for a table's columns and holds them against
// what the table declares: those that are declared, else all of them.
func columnsOf(ctx context.Context, catalog engine.Catalog, t existing.Standing) ([]table.Column, error) {
	there, err := catalog.Columns(ctx, t.Relation)
	if fault.KindOf(err) == fault.NotFound {
		relations, err := catalog.Relations(ctx)
		if err != nil {
			return nil, err
		}
		return nil, t.Missing(relations)
	}
	if err != nil || len(t.Columns) == 0 {
		return there, err
	}
	var names []string
	types := map[string]table.Column{}
	for _, c := range there {
		names = append(names, c.Name)
		types[strings.ToLower(c.Name)] = c
	}
	var out []table.Column
	var faults fault.List
	for _, c := range t.Columns {
		is, ok := types[strings.ToLower(c.Name)]
		switch {
		case !ok:
			faults.Add(fault.At(c.Where, fault.Held, "%s has no column %s", t.Relation.Dataset(), c.Name).
				WithHint("%s", fault.DidYouMean(c.Name, names)))
		case c.Type != (table.Type{}) && c.Type != is.Type:
			faults.Add(fault.At(c.TypeWhere, fault.Held, "%s of %s is %s, declared is %s", c.Name, t.Relation.Dataset(), is.Type, c.Type).
				WithHint("declare what it is and convert it in a model"))
		default:
			out = append(out, is)
		}
	}
	return out, faults.Err()
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

// sight is a standing table as it was when somebody looked.
type sight struct {
	columns []table.Column
	sql     string // of the view models read
	rows    int64  // that count
	newest  string // of changed_by
	version string
}

// see looks at a standing table.
func (a *App) see(ctx context.Context, t existing.Standing) (sight, error) {
	var s sight
	var err error
	if s.columns, err = columnsOf(ctx, a.engine, t); err != nil {
		return s, err
	}
	var names []string
	for _, c := range s.columns {
		names = append(names, c.Name)
	}
	s.sql = t.SQL(names)
	batch, err := engine.ReadAll(ctx, a.engine, t.StateSQL(), 1)
	if err != nil {
		return s, fault.At(t.Where, fault.KindOf(err), "%w", err)
	}
	all, _ := batch.Rows[0][0].(int64)
	s.rows, _ = batch.Rows[0][1].(int64)
	s.newest, _ = batch.Rows[0][2].(string)
	hash := sha256.New()
	fmt.Fprintf(hash, "%s\n%v\n%d %d\n%s", s.sql, s.columns, all, s.rows, s.newest)
	s.version = hex.EncodeToString(hash.Sum(nil)[:16])
	return s, nil
}

// newsOf says in words why a standing table counts as changed, "" when it does
// not. What is wrong with it is news, too: its own step tells, and the others go on.
func (a *App) newsOf(ctx context.Context, t existing.Standing) (string, error) {
	s, err := a.see(ctx, t)
	switch fault.KindOf(err) {
	case fault.NotFound:
		return t.Relation.Dataset() + " is missing", nil
	case fault.Held:
		return "the columns of " + t.Relation.Dataset() + " are not as declared", nil
	}
	if err != nil {
		return "", err
	}
	entries, err := a.store.Current(ctx, a.env)
	if err != nil {
		return "", fault.Wrap("ledger", err)
	}
	var was *state.Entry
	for i := range entries {
		if entries[i].Dataset == t.Dataset {
			was = &entries[i]
		}
	}
	return a.difference(ctx, t, s, was)
}

func (a *App) difference(ctx context.Context, t existing.Standing, s sight, was *state.Entry) (string, error) {
	by, rows := t.Settings.ChangedBy.Value, fmt.Sprintf("%d rows", s.rows)
	if s.rows == 1 {
		rows = "1 row"
	}
	if was != nil && was.Rows != s.rows {
		rows += fmt.Sprintf(" after %d", was.Rows)
	}
	newest := rows
	if by != "" {
		newest = fmt.Sprintf("newest %s %s, %s", by, s.newest, rows)
	}
	switch {
	case was == nil:
		return t.Relation.Dataset() + ": " + newest, nil
	case was.DataVersion != s.version:
		return t.Relation.Dataset() + " changed: " + newest, nil
	case by == "":
		return t.Relation.Dataset() + " may have changed: no changed_by tells", nil
	}
	_, err := a.engine.Columns(ctx, engine.ParseRelation(t.Dataset))
	if fault.KindOf(err) == fault.NotFound {
		return "the view of " + t.Relation.Dataset() + " is gone", nil
	}
	return "", err
}

// register publishes the view models read a standing table through, when its
// checks let it, and enters in the ledger what was seen of the table before.
func (l *landing) register(ctx context.Context, t existing.Standing, run state.Run) (landed build.Landing, err error) {
	started := l.a.options.Now()
	s, err := l.a.see(ctx, t)
	if err != nil {
		return landed, err
	}
	staged, err := l.a.engine.Stage(ctx, engine.Build{
		Target: engine.ParseRelation(t.Dataset), Form: engine.View, SQL: s.sql, Run: run.ID,
	})
	if err != nil {
		return landed, err
	}
	defer func() {
		if err != nil {
			err = firstOf(err, l.a.engine.Discard(context.WithoutCancel(ctx), staged))
		}
	}()
	checker := landingJudge{l.judge, run.ID, run.AsOf, l.a.options.Now}
	version := checker.Version(t.Dataset)
	if version != "" {
		if landed.Results, err = checker.Check(ctx, t.Dataset, staged); err != nil {
			return landed, err
		}
	}
	landed.Entry, err = l.publish(ctx, staged, started, state.Entry{
		Env: l.a.env, Dataset: t.Dataset, Run: run.ID, DataVersion: s.version, CheckVersion: version,
		Columns: staged.Columns, Rows: s.rows,
	})
	if err != nil {
		return landed, err
	}
	landed.Changed, landed.Rows = true, s.rows
	for r := range landed.Results {
		landed.Results[r].Published = true
	}
	return landed, nil
}

// publish makes the view what models read, the ledger told before and after.
func (l *landing) publish(ctx context.Context, staged engine.Staged, started time.Time, entry state.Entry) (state.Entry, error) {
	entry, err := l.a.store.Intend(ctx, entry)
	if err != nil {
		return state.Entry{}, fault.Wrap("ledger", err)
	}
	failed := l.a.engine.Publish(ctx, engine.Publication{Staged: staged, Marker: engine.Marker{
		Dataset: entry.Dataset, Version: entry.Version, Run: entry.Run, Fence: entry.Fence, At: l.a.options.Now(),
	}})
	entry.Took = l.a.options.Now().Sub(started)
	to, note := state.Published, ""
	if failed != nil {
		to, note = state.Failed, failed.Error()
	}
	if err := l.a.store.Settle(context.WithoutCancel(ctx), entry, to, note); err != nil {
		return state.Entry{}, fault.Wrap("ledger", err)
	}
	return entry, failed
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
	if tried.Columns, err = columnsOf(ctx, reader, t); err == nil {
		var names []string
		for _, c := range tried.Columns {
			names = append(names, c.Name)
		}
		tried.Sample, err = engine.ReadAll(ctx, reader, fmt.Sprintf("%s LIMIT %d", t.SQL(names), sampleRows), 0)
	}
	return tried, firstOf(err, reader.Close())
}
