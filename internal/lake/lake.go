// Package lake keeps raw loads: immutable Parquet files, each with a manifest
// that says what arrived, from where, when and with which columns.
//
// It decides what a new arrival means (the same bytes again, a corrected file,
// a drifted schema); an adapter (lake/folder) keeps the bytes. Reading foreign
// formats is ingest's business, the tables models read are the engine's.
package lake

import (
	"context"
	"time"

	"github.com/larder-data/larder/internal/table"
)

// Archive keeps loads. A load is visible to Manifests only when complete.
type Archive interface {
	// Begin returns a place on local disk where a load's Parquet files are
	// written before it is committed or abandoned.
	Begin(ctx context.Context, dataset, load string) (Draft, error)
	// Manifests returns the complete loads of a lake dataset, by Sequence.
	Manifests(ctx context.Context, dataset string) ([]Manifest, error)
	// Files makes a complete load's files readable on this machine, whole and as
	// they were written, until they are released.
	Files(ctx context.Context, m Manifest) (Files, error)
	// Sweep removes drafts a killed process left behind and returns how many.
	Sweep(ctx context.Context) (int, error)
}

// Draft is a load being written.
type Draft interface {
	RowsPath() string       // write the rows' Parquet here
	QuarantinePath() string // write the quarantined rows' Parquet here, if any
	// Commit makes the load visible, all or nothing, durably.
	Commit(ctx context.Context, m Manifest) error
	// Abandon removes what was written; after Commit it does nothing.
	Abandon() error
}

// Files are a load's files on this machine.
type Files struct {
	Rows       []string // absolute paths of its rows; none when it has no rows
	Quarantine []string // absolute paths of its quarantined rows, often none
	Done       func()   // called once they were read; nil when they stay anyway
}

// Release says that the files were read: they may go. It is safe to call twice.
func (f *Files) Release() {
	if f.Done != nil {
		f.Done()
		f.Done = nil
	}
}

// Manifest describes one load: one immutable arrival of raw data.
type Manifest struct {
	Format      int            `json:"format"` // 1
	ID          string         `json:"id"`
	Dataset     string         `json:"dataset"` // "lake.erp_invoices"
	Sequence    int64          `json:"sequence"`
	Source      string         `json:"source"`
	File        string         `json:"file"` // as the source names it, e.g. relative to its path
	Size        int64          `json:"size"`
	Modified    time.Time      `json:"modified"`
	Tag         string         `json:"tag,omitempty"` // the source's own name of these bytes, such as an ETag
	Hash        string         `json:"hash"`          // of the file's bytes, "xxh3-128:<hex>"
	Window      string         `json:"window,omitempty"`
	Rows        int64          `json:"rows"`
	Quarantined int64          `json:"quarantined,omitempty"`
	HasRows     bool           `json:"has_rows"` // a rows file exists
	Columns     []table.Column `json:"columns"`  // as archived, without provenance
	Supersedes  []string       `json:"supersedes,omitempty"`
	SameAs      string         `json:"same_as,omitempty"` // the file whose bytes these are: nothing was loaded, only noted
	LoadedAt    time.Time      `json:"loaded_at"`
	Run         string         `json:"run"`
	Took        time.Duration  `json:"took_ns"`
	// Position is where a source that is asked goes on from after this load, in
	// the words of its kind; "" for one that lists files.
	Position     string       `json:"position,omitempty"`
	Completeness Completeness `json:"completeness,omitzero"`
	Drift        []Change     `json:"drift,omitempty"`  // how its columns differ from the table's before, where that was taken
	Undoes       string       `json:"undoes,omitempty"` // the load this one takes back
	Actor        string       `json:"actor,omitempty"`  // who uploaded or undid it
	Reason       string       `json:"reason,omitempty"`
}

// Completeness is how it is known that nothing is missing from a load: what
// the source said it has, and what landed.
type Completeness struct {
	By     Proof  `json:"by"`
	Column string `json:"column,omitempty"` // of Total: the column that was summed
	Said   string `json:"said,omitempty"`
	Got    string `json:"got,omitempty"`
}

// Proof names what a source says of what it has.
type Proof string

// The proofs.
const (
	ByCount    Proof = "count"    // how many records there are
	ByTotal    Proof = "total"    // the sum of a column
	ByCursor   Proof = "cursor"   // where the last record is
	ByManifest Proof = "manifest" // which files there are, with size or hash
	Unproven   Proof = "unproven" // nothing
)
