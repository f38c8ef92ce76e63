package duckdb

import (
	"cmp"
	"context"
	"slices"

	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/table"
)

// Columns returns a relation's columns in order.
func (e *Engine) Columns(ctx context.Context, r engine.Relation) (columns []table.Column, err error) {
	err = e.with(ctx, func(_ context.Context, s *session) (err error) {
		columns, err = s.columns(r)
		return err
	})
	if isMissing(err) {
		return nil, fault.New(fault.NotFound, "there is no table or view %s", r.Dataset())
	}
	return columns, explain(r.Dataset(), err)
}

// Relations returns the tables and views that exist, by name, without those
// that are hidden.
func (e *Engine) Relations(ctx context.Context) ([]engine.Relation, error) {
	batch, err := engine.ReadAll(ctx, e, everything, 0)
	if err != nil {
		return nil, fault.Wrap("relations", err)
	}
	out := []engine.Relation{}
	for _, row := range batch.Rows {
		r := engine.Relation{Schema: text(row[0]), Name: text(row[1])}
		if !engine.Hidden(r) {
			out = append(out, r)
		}
	}
	slices.SortFunc(out, func(a, b engine.Relation) int {
		return cmp.Or(cmp.Compare(a.Schema, b.Schema), cmp.Compare(a.Name, b.Name))
	})
	return out, nil
}

// Drop removes a published relation, the versions kept of it and its marker in
// one transaction, of a lake table its companions too. What is gone already is
// no error.
func (e *Engine) Drop(ctx context.Context, dataset string, r engine.Relation) error {
	defer e.publishing.Lock(dataset)()
	relations := []engine.Relation{r}
	for _, version := range e.known.past(r) {
		relations = append(relations, pastOf(r, version))
	}
	if e.known.form(engine.LoadsOf(r)) != "" && e.known.form(engine.QuarantineOf(r)) == engine.Table {
		relations = append(relations, engine.LoadsOf(r), engine.QuarantineOf(r), leftOf(r))
	}
	err := e.transact(ctx, func(_ context.Context, t *transaction) error {
		for _, one := range relations {
			t.add("drop", e.known.drop(one))
		}
		t.add("loads", "DELETE FROM larder.loads WHERE dataset = "+engine.Literal(r.Dataset()))
		t.add("marker", "DELETE FROM larder.published WHERE dataset = "+engine.Literal(dataset))
		return nil
	})
	if err != nil {
		return explain(dataset, err)
	}
	e.known.gone(relations...)
	e.known.unmarked(dataset)
	return nil
}
