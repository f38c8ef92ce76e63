// Package upload says how files are written that people bring by hand. There is
// nothing to look at: a file comes when somebody brings it.
package upload

import (
	"github.com/larder-data/larder/internal/format"
	"github.com/larder-data/larder/internal/ingest"
)

// Source is what a source of kind upload says beside what every source says:
// nothing.
type Source struct{}

// Table is what a table of such a source says.
type Table struct {
	format.Settings
}

// Reader knows how uploaded files are written.
type Reader struct{}

var _ ingest.Reader = Reader{}

// Layout returns how the table's files are written.
func (Reader) Layout(t ingest.Table) (format.Layout, error) {
	var own Table
	if faults := t.Source.DecodeTable(t.SourceTable, &own); len(faults) > 0 {
		return format.Layout{}, faults.Err()
	}
	return format.LayoutOf(t.Source, t.SourceTable, own.Settings)
}
