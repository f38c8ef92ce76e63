package app

import (
	"context"
	"strings"

	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/ingest"
	"github.com/larder-data/larder/internal/table"
)

// TrySource connects to a source, or to that of one lake table, and returns the
// first rows of each table as they would be loaded, personal columns hidden.
// Nothing is put into the lake. The error is everything that went wrong, and
// what did not is returned all the same.
func (a *App) TrySource(ctx context.Context, of string) ([]ingest.Tried, error) {
	datasets, err := a.tablesOf(of)
	if err != nil {
		return nil, err
	}
	var faults fault.List
	out := []ingest.Tried{}
	for _, dataset := range datasets {
		tried, err := a.try(ctx, dataset)
		faults.Add(err)
		if err == nil {
			a.hide(dataset, &tried.Sample)
			out = append(out, tried)
		}
	}
	return out, faults.Err()
}

// hide covers the values of a lake table's personal columns.
func (a *App) hide(dataset string, b *table.Batch) {
	for i, c := range b.Columns {
		if !a.isPersonal(dataset, c.Name) {
			continue
		}
		b.Columns[i].Type = table.Type{Kind: table.Varchar}
		for _, row := range b.Rows {
			if row[i] != nil {
				row[i] = "***"
			}
		}
	}
}

// isPersonal reports whether a lake table's own file marks the column.
func (a *App) isPersonal(dataset, column string) bool {
	for _, c := range a.tables[dataset].Columns {
		if c.Personal != "" && strings.EqualFold(c.Name, column) {
			return true
		}
	}
	return false
}
