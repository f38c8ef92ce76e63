// Package ingest brings new raw records from sources into the lake: what is
// new is archived first, so that nothing that arrived is ever lost, then
// checked as it would stand, then landed in one transaction.
//
// Adapters (ingest/files) know the foreign formats. What a repeated or
// corrected file means is the lake's business, how rows become the current
// state the engine's.
package ingest

import (
	"context"
	"time"

	"github.com/larder-data/larder/internal/lake"
	"github.com/larder-data/larder/internal/project"
	"github.com/larder-data/larder/internal/table"
)

// Reader is what a kind of source can do.
type Reader interface {
	// Look returns what the source offers for a table now, in the order it is to
	// be loaded.
	Look(ctx context.Context, t Table) ([]Arrival, error)
	// Hash identifies an arrival's bytes.
	Hash(ctx context.Context, a Arrival) (string, error)
	// Columns returns the columns the table's data have: declared, or inferred
	// from what the source offers first; none when there is nothing to go by.
	Columns(ctx context.Context, t Table) ([]table.Column, error)
	// Read writes an arrival's rows, and those that do not parse, into the draft.
	// Known are the columns of the loads before, which a file that does not
	// declare its types is read as. A fault of kind Held says what stands
	// against loading it.
	Read(ctx context.Context, t Table, a Arrival, known []table.Column, l Load, into lake.Draft) (Outcome, error)
}

// Steady is the extra power to tell without reading it again that an arrival
// is as Look found it.
type Steady interface {
	Steady(a Arrival) bool
}

// Table is a source's table with the source it belongs to.
type Table struct {
	project.SourceTable
	Source project.Source
}

// Arrival is one thing a source offers: a file.
type Arrival struct {
	Name     string // as the source names it, the same every time
	Path     string // where it is read
	Size     int64
	Modified time.Time
}

// Load is the identity the rows of an arrival get.
type Load struct {
	ID       string
	LoadedAt time.Time
}

// Outcome is what reading an arrival brought.
type Outcome struct {
	Columns     []table.Column // of the rows written, without provenance
	Rows        int64
	Quarantined int64
	Notes       []string
}

// News is what waits to be landed for one table.
type News struct {
	New       int // files never seen
	Corrected int // known files with other bytes, as far as size and time tell
	Pending   int // archived earlier, not landed yet
	First     bool
}
