package ingest

import (
	"context"

	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/format"
	"github.com/larder-data/larder/internal/lake"
)

// Loads returns all loads of a dataset, by sequence.
func (i *Ingester) Loads(ctx context.Context, dataset string) ([]lake.Manifest, error) {
	manifests, err := i.archive.Manifests(ctx, dataset)
	return manifests, fault.Wrap(dataset, err)
}

// Undo takes a load back: what it superseded counts again, under the name of a
// new load that says who undid what and why. The next Land brings that into the
// warehouse. Errors are those of lake.Undo.
func (i *Ingester) Undo(ctx context.Context, dataset, id, actor, reason, run string) (lake.Manifest, error) {
	started := i.now()
	manifests, err := i.archive.Manifests(ctx, dataset)
	if err != nil {
		return lake.Manifest{}, fault.Wrap(dataset, err)
	}
	m, back, err := lake.Undo(manifests, id, started)
	if err != nil {
		return lake.Manifest{}, fault.Wrap(dataset, err)
	}
	m.Actor, m.Reason, m.Run = actor, reason, run
	draft, err := i.archive.Begin(ctx, dataset, m.ID)
	if err != nil {
		return lake.Manifest{}, fault.Wrap(dataset, err)
	}
	defer func() { _ = draft.Abandon() }() // after Commit it does nothing
	var parquet []string
	files, release, err := i.files(ctx, back)
	defer release()
	for _, f := range files {
		parquet = append(parquet, f.Rows...)
	}
	if err == nil && len(parquet) > 0 {
		err = i.parser.Again(ctx, parquet, format.Input{Load: m.ID, LoadedAt: m.LoadedAt, Rows: draft.RowsPath()})
	}
	if err == nil {
		m.Took = i.now().Sub(started)
		err = draft.Commit(ctx, m)
	}
	return m, fault.Wrap(dataset, err)
}
