package ingest

import (
	"context"
	"os"
	"path/filepath"

	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/format"
	"github.com/larder-data/larder/internal/table"
)

// Tried is what a source showed of a table when it was tried.
type Tried struct {
	Dataset string         `json:"dataset"`
	From    string         `json:"from"` // what was read: a file's name, a table
	Offers  int            `json:"offers,omitempty"`
	Columns []table.Column `json:"columns"`
	Sample  table.Batch    `json:"sample"`
	Notes   []string       `json:"notes,omitempty"`
}

// Try reads the first rows a source offers for a table, as they would be
// loaded, and puts nothing into the lake. NotFound when there is nothing yet.
func (i *Ingester) Try(ctx context.Context, dataset string, rows int) (Tried, error) {
	t := i.tables[dataset]
	tried := Tried{Dataset: dataset}
	b, release, err := i.firstBatch(ctx, t, &tried)
	if err != nil {
		return tried, fault.Wrap(dataset, err)
	}
	defer release()
	dir, err := os.MkdirTemp("", "larder-*")
	if err != nil {
		return tried, fault.New(fault.OutOfRoom, "%w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }() // a leftover lies in the temporary folder
	out, err := i.parser.Read(ctx, format.Input{
		Layout: b.Layout, Name: b.Name, Path: b.Path, Size: b.Size, Known: Declared(t), LoadedAt: i.now(),
		Rows: filepath.Join(dir, "rows.parquet"), Rejects: filepath.Join(dir, "rejects.parquet"),
	})
	if err != nil {
		return tried, fault.Wrap(dataset, err)
	}
	tried.From, tried.Columns, tried.Notes = b.Name, out.Columns, out.Notes
	if out.Rows > 0 {
		tried.Sample, err = i.parser.First(ctx, filepath.Join(dir, "rows.parquet"), out.Columns, rows)
	}
	return tried, fault.Wrap(dataset, err)
}

// firstBatch is what a source offers first.
func (i *Ingester) firstBatch(ctx context.Context, t Table, tried *Tried) (Batch, func(), error) {
	nothing := func() {}
	switch reader := i.readers[t.Source.Kind].(type) {
	case Asker:
		b, err := reader.Sample(ctx, t, sampleRows)
		return b, func() { _ = os.Remove(b.Path) }, err
	case Lister:
		layout, err := reader.Layout(t)
		if err != nil {
			return Batch{}, nothing, err
		}
		arrivals, err := reader.Look(ctx, t)
		if err != nil {
			return Batch{}, nothing, err
		}
		tried.Offers = len(arrivals)
		for _, a := range arrivals {
			if a.Size == 0 {
				continue
			}
			local, err := reader.Fetch(ctx, t, a)
			return Batch{Name: a.Name, Path: local.Path, Size: local.Size, Layout: layout}, local.release, err
		}
		return Batch{}, nothing, fault.New(fault.NotFound, "no file matches yet")
	}
	return Batch{}, nothing, fault.New(fault.NotFound, "there is nothing to look at: files are brought with larder upload")
}
