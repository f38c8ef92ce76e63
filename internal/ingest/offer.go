package ingest

import (
	"context"
	"os"
	"path/filepath"
	"time"

	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/format"
	"github.com/larder-data/larder/internal/lake"
	"github.com/larder-data/larder/internal/state"
	"github.com/larder-data/larder/internal/table"
)

// Offered is a file somebody brought that is read and not in the lake yet: it
// is looked at first, then taken or withdrawn.
type Offered struct {
	Manifest lake.Manifest
	Notes    []string
	Known    lake.Manifest // the load that brought the same bytes before, if any
	Landing  engine.Landing
	Results  []state.Result // of the checks of the table as it would be
	Held     error          // what stands in the way, nil when nothing does
	Staged   engine.Staged  // the table as it would be

	draft   lake.Draft
	discard func(context.Context) error
}

// Offer reads a file for a dataset and shows the table as it would be, its
// checks evaluated; nothing is in the lake until Take. A file that was loaded
// before is told by Known, with nothing staged. The caller withdraws it in any
// case. Errors: Invalid for a dataset that takes no files, NotFound for a
// missing file, Held for one that cannot be read or does not fit.
func (i *Ingester) Offer(ctx context.Context, s Step, path, actor, reason string) (*Offered, error) {
	t, ok := i.tables[s.Dataset]
	reader := i.readers[t.Source.Kind]
	if _, asked := reader.(Asker); asked || !ok {
		return nil, fault.New(fault.Invalid, "%s takes no files", s.Dataset).WithHint("a source of kind upload does; see docs/sources.md")
	}
	layout, err := reader.Layout(t)
	if err != nil {
		return nil, fault.Wrap(s.Dataset, err)
	}
	manifests, err := i.archive.Manifests(ctx, s.Dataset)
	if err != nil {
		return nil, fault.Wrap(s.Dataset, err)
	}
	in := i.intake(t, s.Run, manifests)
	b, err := brought(ctx, path, layout)
	if err != nil {
		return nil, err
	}
	if before, ok := sameBytes(manifests, b.Hash); ok {
		return &Offered{Known: before}, nil
	}
	o := &Offered{Manifest: in.manifest(b, i.now())}
	o.Manifest.Actor, o.Manifest.Reason = actor, reason
	if o.draft, err = i.archive.Begin(ctx, s.Dataset, o.Manifest.ID); err != nil {
		return nil, err
	}
	if err := in.read(ctx, b, &o.Manifest, o.draft); err != nil {
		return nil, joined(err, o.draft.Abandon())
	}
	o.Notes = in.notes
	if err := i.stage(ctx, s, in, o); err != nil {
		return nil, joined(err, o.Withdraw(ctx))
	}
	return o, nil
}

// brought is the batch of a file somebody names. Its load is named after the
// file and its bytes: next week's file may have the same name.
func brought(ctx context.Context, path string, layout format.Layout) (Batch, error) {
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() {
		return Batch{}, fault.New(fault.NotFound, "there is no file %s", path)
	}
	hash, err := format.Hash(ctx, path, path)
	if err != nil {
		return Batch{}, err
	}
	return Batch{
		Name: filepath.Base(path) + " " + hash[len(hash)-6:], Path: path, Size: info.Size(), Modified: info.ModTime(), Hash: hash, Layout: layout,
	}, nil
}

// sameBytes is the newest load of the bytes that was not undone.
func sameBytes(manifests []lake.Manifest, hash string) (lake.Manifest, bool) {
	for n := len(manifests) - 1; n >= 0; n-- {
		m := manifests[n]
		if state, _ := lake.StateOf(manifests, m.ID); m.Hash == hash && state != lake.Undone {
			return m, true
		}
	}
	return lake.Manifest{}, false
}

// stage shows the table as it would be and evaluates its checks.
func (i *Ingester) stage(ctx context.Context, s Step, in *Intake, o *Offered) error {
	landing, release, err := i.Pending(ctx, s.Dataset, s.Warehouse)
	defer release()
	if err != nil {
		return err
	}
	load := engine.ArchivedLoad{ID: o.Manifest.ID, Sequence: o.Manifest.Sequence, Rows: o.Manifest.Rows}
	if o.Manifest.HasRows {
		load.Parquet = []string{o.draft.RowsPath()}
	}
	landing.Columns = lake.After(in.known, o.Manifest)
	landing.Loads = append(landing.Loads, load)
	landing.Marker = engine.Marker{Dataset: s.Dataset, Run: s.Run}
	o.Landing = landing
	if o.Staged, err = s.Warehouse.Preview(ctx, landing); err != nil {
		return err
	}
	o.discard = func(ctx context.Context) error { return s.Warehouse.Discard(ctx, o.Staged) }
	if s.Checker.Version(s.Dataset) == "" {
		return nil
	}
	o.Results, err = s.Checker.Check(ctx, s.Dataset, o.Staged)
	if fault.KindOf(err) == fault.Held && err != nil {
		o.Held, err = err, nil
	}
	return err
}

// Take puts the file into the lake; the next Land brings it to the warehouse.
func (o *Offered) Take(ctx context.Context, at time.Time) error {
	o.Manifest.Took = at.Sub(o.Manifest.LoadedAt)
	return fault.Wrap(o.Manifest.Dataset, o.draft.Commit(ctx, o.Manifest))
}

// Withdraw removes what was made to look at the file; after Take the load
// stays. Calling it again does nothing.
func (o *Offered) Withdraw(ctx context.Context) error {
	var err error
	if o.discard != nil {
		err = o.discard(context.WithoutCancel(ctx))
		o.discard = nil
	}
	if o.draft == nil {
		return err
	}
	return joined(err, o.draft.Abandon())
}

// Columns are the columns of the file's rows, without provenance.
func (o *Offered) Columns() []table.Column { return o.Manifest.Columns }

// joined is the first of two errors.
func joined(first, second error) error {
	if first != nil {
		return first
	}
	return second
}
