package ingest

import (
	"context"
	"fmt"
	"time"

	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/format"
	"github.com/larder-data/larder/internal/lake"
	"github.com/larder-data/larder/internal/project"
	"github.com/larder-data/larder/internal/table"
	"github.com/zeebo/xxh3"
)

// Intake takes what arrives for one table and makes loads of it: it decides
// what each arrival means, has it read, holds what does not fit, and commits.
// It is used by one goroutine at a time.
type Intake struct {
	ingester *Ingester
	table    Table
	run      string
	history  lake.History
	known    []table.Column
	loads    []lake.Manifest
	sequence int64
	notes    []string
	taken    int // loads committed
}

// Note tells people something about the table's loads.
func (in *Intake) Note(text string) { in.notes = append(in.notes, text) }

// Known returns the table's columns so far, without provenance.
func (in *Intake) Known() []table.Column { return in.known }

// Take makes a load of a batch: none when it holds what its predecessor of the
// same name holds. A fault of kind Held says what stands against loading it.
func (in *Intake) Take(ctx context.Context, b Batch) error {
	started := in.ingester.now()
	in.salt(&b)
	meaning, other := in.history.Judge(b.Name, b.Hash)
	if meaning == lake.Same && !b.Whole {
		return nil
	}
	m := in.manifest(b, started)
	in.tell(&m, meaning, other)
	in.replace(&m, b)
	draft, err := in.ingester.archive.Begin(ctx, m.Dataset, m.ID)
	if err != nil {
		return err
	}
	defer func() { _ = draft.Abandon() }() // after Commit it does nothing
	if meaning != lake.Copy {
		if err := in.read(ctx, b, &m, draft); err != nil {
			return err
		}
	}
	return in.commit(ctx, m, draft, started)
}

// salt keeps what was asked for under two names apart: two days may hold the
// same records, while two files with the same bytes are copies.
func (in *Intake) salt(b *Batch) {
	if in.asked() {
		b.Hash = fmt.Sprintf("xxh3-128:%x", xxh3.HashString128(b.Name+"\n"+b.Hash).Bytes())
	}
}

func (in *Intake) asked() bool {
	_, asked := in.ingester.readers[in.table.Source.Kind].(Asker)
	return asked
}

func (in *Intake) manifest(b Batch, started time.Time) lake.Manifest {
	return lake.Manifest{
		Format: 1, ID: lake.LoadID(in.sequence, b.Hash), Dataset: in.table.Dataset, Sequence: in.sequence, Source: in.table.Source.Name,
		File: b.Name, Size: b.Size, Modified: b.Modified, Tag: b.Tag, Hash: b.Hash, LoadedAt: started.UTC(), Run: in.run,
		Window: b.Window, Position: b.Position, Completeness: b.Completeness,
	}
}

// tell enters what the load means for the one before it.
func (in *Intake) tell(m *lake.Manifest, meaning lake.Meaning, other lake.Manifest) {
	if other.ID != "" && meaning != lake.Copy {
		m.Supersedes = []string{other.ID}
	}
	switch {
	case meaning == lake.Copy:
		m.SameAs = other.File
		in.Note(m.File + " has the same bytes as " + other.File + ": nothing to load")
	case meaning == lake.Corrected && !in.asked():
		in.Note(m.File + " was corrected: it supersedes the load of " + other.LoadedAt.Format("2006-01-02 15:04"))
	}
}

// replace has a load that holds everything supersede all before it.
func (in *Intake) replace(m *lake.Manifest, b Batch) {
	if !b.Whole {
		return
	}
	m.Supersedes = nil
	for _, before := range lake.Active(in.loads) {
		m.Supersedes = append(m.Supersedes, before.ID)
	}
}

// read fills the draft and the manifest, and holds a load that is not complete
// or whose columns drifted.
func (in *Intake) read(ctx context.Context, b Batch, m *lake.Manifest, draft lake.Draft) error {
	outcome, err := in.ingester.parser.Read(ctx, format.Input{
		Layout: b.Layout, Name: b.Name, Path: b.Path, Size: b.Size, Known: in.known,
		Load: m.ID, LoadedAt: m.LoadedAt, Rows: draft.RowsPath(), Rejects: draft.QuarantinePath(),
	})
	in.notes = append(append(in.notes, b.Notes...), outcome.Notes...)
	if err != nil {
		return err
	}
	if b.changed != nil {
		changed, err := b.changed(ctx)
		if err != nil {
			return err
		}
		if changed {
			return fault.New(fault.Busy, "%s changed while it was read", b.Name).WithHint("the next run reads it again")
		}
	}
	return in.judge(m, outcome)
}

// judge enters what was read, and holds it when it is not what was said or
// not what the table takes.
func (in *Intake) judge(m *lake.Manifest, o format.Outcome) error {
	m.Columns, m.Rows, m.Quarantined, m.HasRows = o.Columns, o.Rows, o.Quarantined, o.Rows > 0
	if err := complete(m); err != nil {
		return err
	}
	if len(in.known) == 0 {
		return nil
	}
	for _, change := range lake.Compare(in.known, o.Columns) {
		response := map[lake.ChangeKind]project.Response{
			lake.Added: in.table.Drift.Added, lake.Widened: in.table.Drift.Widened,
			lake.Removed: in.table.Drift.Removed, lake.Retyped: in.table.Drift.Retyped,
		}[change.Kind]
		switch response {
		case project.Evolve:
			in.Note(m.File + ": " + change.String())
		case project.Ignore:
		default:
			return fault.New(fault.Held, "%s does not fit %s: %s", m.File, m.Dataset, change).
				WithHint("the last good data stays; ask for a corrected file, change columns:, or say drift: {%s: evolve} in %s", change.Kind, in.table.Where)
		}
		m.Drift = append(m.Drift, change)
	}
	return nil
}

func (in *Intake) commit(ctx context.Context, m lake.Manifest, draft lake.Draft, started time.Time) error {
	m.Took = in.ingester.now().Sub(started)
	if err := draft.Commit(ctx, m); err != nil {
		return err
	}
	in.history.Add(m)
	in.loads = append(in.loads, m)
	in.sequence++
	in.taken++
	if m.SameAs == "" {
		in.known = lake.After(in.known, m)
	}
	return nil
}

// Writing is a load whose rows the source writes itself, as Parquet with the
// provenance columns: a database's, which have types already.
type Writing struct {
	ID       string
	LoadedAt time.Time
	Rows     string // the path to write to
	in       *Intake
	draft    lake.Draft
}

// Begin opens a load for rows the source writes itself. The caller commits or
// abandons it before it begins or takes another.
func (in *Intake) Begin(ctx context.Context, name string) (*Writing, error) {
	at := in.ingester.now().UTC()
	// What it will hold is not known yet: the time tells it from other attempts.
	id := lake.LoadID(in.sequence, nameHash(name, at))
	draft, err := in.ingester.archive.Begin(ctx, in.table.Dataset, id)
	if err != nil {
		return nil, err
	}
	return &Writing{ID: id, LoadedAt: at, Rows: draft.RowsPath(), in: in, draft: draft}, nil
}

// Commit makes the load visible: none when the one before it of the same name
// holds the same. A fault of kind Held says what stands against it.
func (w *Writing) Commit(ctx context.Context, b Batch, o format.Outcome) error {
	defer w.Abandon() // after the draft's Commit it does nothing
	w.in.salt(&b)
	meaning, other := w.in.history.Judge(b.Name, b.Hash)
	if meaning == lake.Same && !b.Whole {
		return nil
	}
	m := w.in.manifest(b, w.LoadedAt)
	m.ID = w.ID
	if other.ID != "" && meaning != lake.Copy {
		m.Supersedes = []string{other.ID}
	}
	w.in.replace(&m, b)
	w.in.notes = append(append(w.in.notes, b.Notes...), o.Notes...)
	if err := w.in.judge(&m, o); err != nil {
		return err
	}
	return w.in.commit(ctx, m, w.draft, w.LoadedAt)
}

// Abandon removes what was written; after Commit it does nothing.
func (w *Writing) Abandon() { _ = w.draft.Abandon() }
