package engine

import (
	"context"

	"github.com/larder-data/larder/internal/table"
)

// Lander is the extra power to keep lake tables from archived loads.
type Lander interface {
	// Preview makes the table as it would be after the landing readable as a
	// staging relation, so that it can be checked first. Discard removes it.
	Preview(ctx context.Context, l Landing) (Staged, error)
	// Land brings archived loads into the lake table, retires what they
	// supersede, and writes the marker, in one transaction. It creates the table
	// and adds columns as needed.
	Land(ctx context.Context, l Landing) (Landed, error)
	// Loads returns the loads the warehouse holds for a lake table, oldest first.
	Loads(ctx context.Context, r Relation) ([]HeldLoad, error)
}

// Mode says what the current state of a lake table is.
type Mode string

// The modes of correctness.md.
const (
	Append Mode = "append" // every row of every load that is not superseded
	Window Mode = "window" // of each value of WindowColumn, the rows of the newest load that has it
	Key    Mode = "key"    // the newest row of each key
)

// Provenance is the columns every lake table ends with: the load's id, the
// file it came from, the row's number in it (from 1), and when it was loaded.
func Provenance() []table.Column {
	return []table.Column{
		{Name: "_load", Type: table.Type{Kind: table.Varchar}},
		{Name: "_file", Type: table.Type{Kind: table.Varchar}},
		{Name: "_row", Type: table.Type{Kind: table.BigInt}},
		{Name: "_loaded_at", Type: table.Type{Kind: table.TimestampTZ}},
	}
}

// WithProvenance is the columns of a lake table that has these of its own.
func WithProvenance(columns []table.Column) []table.Column {
	return append(columns[:len(columns):len(columns)], Provenance()...)
}

// Landing is archived loads to bring into a lake table. The Parquet files hold
// Columns (or a prefix that misses columns added later: NULL) and Provenance.
//
// Three relations are kept: Target, the current state; Target__loads,
// everything that ever arrived; Target__quarantine, rows that did not parse
// (_load, _file, line, column_name, reason, text, _loaded_at).
type Landing struct {
	Target       Relation
	Columns      []table.Column // the table's columns without Provenance
	Mode         Mode
	WindowColumn string   // of Mode Window
	Key          []string // of Mode Key: the columns that name a row
	Version      string   // of Mode Key: the column that orders copies; "" is order of loading
	Deleted      string   // of Mode Key: a boolean SQL expression that is true for a deletion; "" for none
	Loads        []ArchivedLoad
	Marker       Marker
}

// ArchivedLoad is one load on its way from the archive into the warehouse.
type ArchivedLoad struct {
	ID         string
	Sequence   int64    // loads of a table are ordered by it
	Parquet    []string // absolute paths of its rows; none when it has no rows
	Quarantine []string // absolute paths of its quarantined rows, often none
	Supersedes []string // ids of earlier loads this one replaces
	Rows       int64
	// Passing says that the files are there only until the landing is over: what
	// may be needed of them later the engine keeps.
	Passing bool
}

// Landed tells what a Landing changed.
type Landed struct {
	Inserted int64 // rows that entered the current state
	Removed  int64 // rows that left it
}

// HeldLoad is a load as the warehouse knows it.
type HeldLoad struct {
	ID           string
	Sequence     int64
	Rows         int64
	SupersededBy string // "" while it is current
}

// LoadsOf and QuarantineOf name the companions of a lake table.
func LoadsOf(r Relation) Relation      { return Relation{r.Schema, r.Name + "__loads"} }
func QuarantineOf(r Relation) Relation { return Relation{r.Schema, r.Name + "__quarantine"} }
