package ingest

import (
	"context"
	"strconv"

	"github.com/larder-data/larder/internal/format"
	"github.com/larder-data/larder/internal/lake"
)

// list takes every new arrival of a Lister.
func (in *Intake) list(ctx context.Context, reader Lister, first bool) error {
	layout, err := reader.Layout(in.table)
	if err != nil {
		return err
	}
	arrivals, err := look(ctx, reader, in.table, in.loads)
	if err != nil {
		return err
	}
	if len(arrivals) == 0 && first {
		in.Note("no file matches yet")
	}
	// A correction may leave a copy of the old bytes without a load: it is looked
	// at again.
	for queue := arrivals; len(queue) > 0; queue = orphans(in.history, arrivals) {
		for _, a := range queue {
			if in.history.Untouched(a.seen()) {
				continue
			}
			if err := in.fetch(ctx, reader, layout, a); err != nil {
				return err
			}
		}
	}
	return nil
}

// look lists what a source offers, from where the loads left off when it can
// go on from there.
func look(ctx context.Context, reader Lister, t Table, loads []lake.Manifest) ([]Arrival, error) {
	if sorted, ok := reader.(Ascender); ok && len(loads) > 0 {
		return sorted.LookAfter(ctx, t, lake.Newest(loads))
	}
	return reader.Look(ctx, t)
}

// fetch brings one arrival to local disk and takes it.
func (in *Intake) fetch(ctx context.Context, reader Lister, layout format.Layout, a Arrival) error {
	local, err := reader.Fetch(ctx, in.table, a)
	if err != nil {
		return err
	}
	defer local.release()
	proof := a.Completeness
	if proof.By == lake.ByManifest {
		proof.Got = strconv.FormatInt(local.Size, 10)
	}
	return in.Take(ctx, Batch{
		Tag: a.Tag, Completeness: proof,
		Name: a.Name, Path: local.Path, Size: local.Size, Modified: a.Modified, Hash: local.Hash, Layout: layout, changed: local.Changed,
	})
}

func (l Local) release() {
	if l.Release != nil {
		l.Release()
	}
}

// orphans are the arrivals whose rows no load holds any more.
func orphans(history lake.History, arrivals []Arrival) []Arrival {
	var out []Arrival
	for _, a := range arrivals {
		if history.Orphaned(a.Name) {
			out = append(out, a)
		}
	}
	return out
}
