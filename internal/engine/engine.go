// Package engine says what Larder needs of a warehouse: run SQL and bring the
// answer back exactly, stage a query's rows where no reader sees them, publish
// them in one atomic act, keep the lake's tables.
//
// Adapters live in subpackages (engine/duckdb) and are held to the contract by
// one conformance suite (engine/enginetest). What is built, in which order and
// why is the build package's business.
package engine

import (
	"context"
	"strings"
	"time"

	"github.com/larder-data/larder/internal/table"
)

// Engine is an open warehouse. All its methods may be called by several
// goroutines at once and stop soon after ctx is done, leaving nothing half done.
type Engine interface {
	Capabilities() Capabilities
	Queryer
	Publisher
	Catalog
	Close() error // safe to call twice
}

// Queryer runs one statement that returns rows. The caller closes the Rows.
// Errors are fault.Errors: Invalid for SQL the engine refuses, Interrupted
// when ctx ended, OutOfRoom, Busy, Unreachable, Denied for the rest.
type Queryer interface {
	Query(ctx context.Context, sql string) (Rows, error)
}

// Rows is an answer being read. Scan returns the current row's values as
// table.Batch documents them; the slice is valid until the next call.
type Rows interface {
	Columns() []table.Column
	Next() bool
	Scan() []any
	Err() error // after Next returned false
	Close() error
}

// Publisher builds and replaces relations without a reader ever seeing half.
type Publisher interface {
	// Stage computes the rows once into a staging relation no model reads, and
	// commits it so that checks can run on it side by side.
	Stage(ctx context.Context, b Build) (Staged, error)
	// Publish makes staged rows visible under their real name and writes the
	// marker, both in one atomic act. It fails with Conflict, changing nothing,
	// when the marker table already holds a higher fence for the dataset.
	Publish(ctx context.Context, p Publication) error
	// Discard drops a staging relation; dropping one that is gone is no error.
	Discard(ctx context.Context, s Staged) error
	// Published returns what readers see: one marker per published dataset, by name.
	Published(ctx context.Context) ([]Marker, error)
	// Sweep drops staging relations left by runs other than the ones named as
	// alive, and returns how many.
	Sweep(ctx context.Context, alive ...string) (int, error)
}

// Catalog looks at what exists.
type Catalog interface {
	// Columns returns a relation's columns in order; NotFound when it does not exist.
	Columns(ctx context.Context, r Relation) ([]table.Column, error)
	// Relations returns the tables and views that exist, except those that are
	// Hidden.
	Relations(ctx context.Context) ([]Relation, error)
	// Drop removes a published dataset's relation, the versions kept of it and
	// its marker in one atomic act.
	Drop(ctx context.Context, dataset string, r Relation) error
}

// Tidier is the extra power to give back room after a run.
type Tidier interface {
	// Tidy checkpoints, vacuums or whatever keeps the warehouse small and quick
	// to open. An open reader may keep it from doing all of it; that is no error.
	Tidy(ctx context.Context) error
}

// Capabilities says what an engine can do. The conformance suite exercises
// every claim.
type Capabilities struct {
	Name             string        // "duckdb"
	TransactionalDDL bool          // DROP, RENAME and DML commit together
	Views            bool          // a dataset may be a view
	LoadsParquet     bool          // Land reads Parquet files by path
	BillsPerScan     bool          // every scan costs money: fuse all checks
	PrunesByStats    bool          // WHERE c IS NULL is answered from statistics: keep such checks apart
	FoldsCase        bool          // "Orders" and "orders" are one relation
	Parallel         int           // statements worth running at once
	MaxIdentifier    int           // longest identifier, in bytes
	MaxDecimal       int           // most digits of a DECIMAL
	StatementLimit   time.Duration // longest a statement may take; 0 is no limit
}

// Relation names a table or view. Both parts are raw; String quotes them.
type Relation struct {
	Schema string `json:"schema"`
	Name   string `json:"name"`
}

// ParseRelation splits "schema.name" at the first dot.
func ParseRelation(dataset string) Relation {
	schema, name, _ := strings.Cut(dataset, ".")
	return Relation{Schema: schema, Name: name}
}

// String returns the relation as SQL: both parts in double quotes.
func (r Relation) String() string { return Quote(r.Schema) + "." + Quote(r.Name) }

// Dataset returns the plain schema.name.
func (r Relation) Dataset() string { return r.Schema + "." + r.Name }

// Quote returns an identifier in double quotes, as standard SQL wants it.
func Quote(identifier string) string { return table.Quote(identifier) }

// Literal returns a text as a SQL literal.
func Literal(text string) string { return table.Literal(text) }

// Form is what a dataset is in the warehouse.
type Form string

// The forms. Intervals and keys are to follow.
const (
	Table Form = "table"
	View  Form = "view"
)

// Build is one dataset to compute.
type Build struct {
	Target Relation
	Form   Form
	SQL    string // a complete SELECT in the engine's dialect, parameters replaced
	Run    string // names the staging relation, for Sweep
	// Columns are what the SQL is known to return, as DuckDB bound it or a person
	// promised; an engine of another kind holds the SQL to them. nil lets the
	// engine ask its own catalog.
	Columns []table.Column
	Keep    int // of what is published directly; see Publication
}

// Staged is computed rows waiting for their checks.
type Staged struct {
	Relation Relation // query this to check the rows
	Target   Relation
	Form     Form
	Columns  []table.Column
	Rows     int64 // -1 for a view
}

// Publication makes Staged the truth. Its Target may be another relation of the
// same schema than the one it was staged for.
type Publication struct {
	Staged Staged
	Marker Marker
	// Keep is how many earlier versions of a table stay beside the new one; the
	// older ones go in the same act. An engine that is a Historian keeps them
	// where PastOf says, others keep none. A version can be kept when it was
	// itself published with a Keep; views are not kept.
	Keep int
}

// Marker is one row of larder.published: the truth about what readers see.
type Marker struct {
	Dataset string    `json:"dataset"`
	Version int64     `json:"version"` // the ledger's version number
	From    time.Time `json:"from"`    // the interval published, [From, To); zero for all of it
	To      time.Time `json:"to"`
	Run     string    `json:"run"`
	Fence   int64     `json:"fence"`
	At      time.Time `json:"at"`
}

// Direct is the extra power to compute and publish in one transaction, for
// datasets no check could hold.
type Direct interface {
	BuildAndPublish(ctx context.Context, b Build, m Marker) (Staged, error)
}

// DirectBulk is Direct for several datasets in one transaction: all of them or,
// with the error of the first that cannot be, none. None reads another.
type DirectBulk interface {
	BuildAllAndPublish(ctx context.Context, builds []Build, markers []Marker) ([]Staged, error)
}

// Bulk is the extra power to publish several datasets in one atomic act: all
// of them or, with the error of the first that cannot be, none. It is cheaper
// than one Publish each where a transaction costs more than a rename.
type Bulk interface {
	PublishAll(ctx context.Context, publications []Publication) error
}

// Exporter is the extra power to write a query's answer to a local file in the
// engine's own way: "parquet", keeping every digit, or "csv" with a header. A
// file that was there is replaced.
type Exporter interface {
	Export(ctx context.Context, sql, path, format string) error
}
