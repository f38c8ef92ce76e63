// Package compile knows what a project means before any data is touched: it
// binds every model against empty tables in an in-memory DuckDB and learns
// order, column types, column lineage, and a fingerprint that changes only
// when the meaning does.
//
// It reads no user files and no warehouse; project gives it the words, the
// build compares what it says with the ledger.
package compile

import (
	"context"

	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/table"
)

// Input is what there is to compile.
type Input struct {
	TimeZone string           // IANA name; every binding runs in it
	Engine   string           // of the target; "" is DuckDB
	Engines  []string         // of all targets: models are held against their ways
	Params   map[string]Param // project variables; $now, $start and $end are built in
	Tables   []Table          // lake tables and other relations models may read
	Models   []Model
}

// Table is a relation known by its columns only.
type Table struct {
	Dataset  string
	Columns  []table.Column
	Declared []Declared // what its source says of them
	Where    fault.Place
}

// Model is one SELECT.
type Model struct {
	Dataset   string
	SQL       string
	Dialect   string // the engine it is written for; "" is DuckDB, which binds it. Any other has all columns declared, with types
	View      bool
	Settings  string                       // build settings that are part of the data version, canonical text
	Columns   []Declared                   // what the header says of its columns
	Grain     []GrainColumn                // the columns that name a row
	Overrides []Override                   // its SQL on other engines
	Accepts   []Accepted                   // differences between engines that do not matter to it
	Companion *Companion                   // what is published beside it; nil for nothing
	Needs     []string                     // datasets that decide its rows beside those the SQL reads
	Place     func(offset int) fault.Place // turns a byte offset of SQL into a position; nil: Where stands for all
	Where     fault.Place
}

// Declared is what a file says of one column: a promise that is held against
// what the SQL returns.
type Declared struct {
	Name      string
	Type      table.Type // zero: not declared
	Currency  string     // of money: an ISO 4217 code, or the column that holds it
	Where     fault.Place
	TypeWhere fault.Place
}

// GrainColumn is one of the columns that together name a row.
type GrainColumn struct {
	Name  string
	Where fault.Place
}

// Param is a typed value a model may use as $name.
type Param struct {
	Type  table.Type
	Value string // text the type accepts; NULL is bound while compiling when Null
	Null  bool
}

// Graph is a compiled project: what depends on what, down to columns.
type Graph struct {
	Order []string         // every dataset, upstream first; ties by name
	Nodes map[string]*Node // by dataset
}

// Node is one compiled dataset.
type Node struct {
	Dataset     string
	Model       bool // false: a Table of the Input
	View        bool
	SQL         string // of a Model: what the target's engine runs, parameters and all
	Dialect     string // the engine SQL is written for; "" when DuckDB bound it
	Columns     []table.Column
	DependsOn   []string                  // datasets read or needed directly, sorted
	UsedBy      []string                  // datasets that read it directly, sorted
	Lineage     []Edge                    // by column, in column order; all columns read for each when DuckDB did not bind the model
	Fingerprint string                    // of the meaning: SQL, settings, parameters used; "" for a Table
	Params      []string                  // parameters used, sorted
	Reads       map[string][]table.Column // per upstream dataset, companions too, the columns actually read
	Money       map[string]string         // money columns, declared or passed on unchanged: currency code or column
	Warnings    fault.List                // e.g. money that became a float; they do not stop a build
	Companion   *Companion                // what is published beside it, with all its columns; nil for nothing
}

// Edge says where one column's values come from.
type Edge struct {
	Column string      `json:"column"`
	From   []ColumnRef `json:"from"`   // columns whose values flow into it, sorted; none for a constant
	Direct bool        `json:"direct"` // the value passes unchanged from the single column in From
}

// ColumnRef names a column of a dataset.
type ColumnRef struct {
	Dataset string `json:"dataset"`
	Column  string `json:"column"`
}

// Cache remembers compiled models between processes, by a key of everything
// that decides the outcome. A missing or damaged entry is simply recompiled.
type Cache interface {
	Get(key string) ([]byte, bool)
	Put(key string, value []byte)
}

// Binder checks SQL against the compiled project's empty tables. Errors are
// Invalid; their Where is set by the caller.
type Binder interface {
	// Bind returns the columns a query would return.
	Bind(ctx context.Context, sql string) ([]table.Column, error)
}
