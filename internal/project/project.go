// Package project reads the user's folder into sources, datasets, checks and
// squads, each with its position, and reports everything wrong with the files
// at once.
//
// It knows YAML and the headers of SQL files. What the SQL means is compile's
// business; what a source's own settings mean is its adapter's.
package project

import (
	"time"

	"github.com/goccy/go-yaml/ast"

	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/table"
)

// Project is everything the files say.
type Project struct {
	Root     string // absolute path of the folder that holds larder.yml
	Name     string
	About    string // the description in larder.yml
	TimeZone *time.Location
	Currency string   // ISO 4217 code of money that names none
	Target   Target   // the chosen one
	Targets  []Target // all of them, in the order they are written
	Lake     Lake
	State    string // absolute path of the state store
	History  int    // earlier versions of each table that are kept
	Vars     map[string]Var
	Squads   map[string]Squad
	Sources  []Source
	Models   []Model
	Checks   []Check // all of them: from headers, sources and checks/*.yml
	Tests    []Test  // trials of models' SQL, from tests/*.yml
}

// Target is a warehouse a project builds into.
type Target struct {
	Name   string
	Engine string   // "duckdb"
	Path   string   // of an embedded engine: absolute path of its file
	Node   ast.Node `json:"-"` // the engine's own settings, for its adapter to decode
	Where  fault.Place
	parts  []part // Node and what larder.local.yml says over it
}

// Var is a project variable, usable as $name in models.
type Var struct {
	Name  string
	Type  table.Type
	Value string // as text the type accepts
	Where fault.Place
}

// Squad is a group of people who own datasets.
type Squad struct {
	Name    string
	Title   string // for people, e.g. "Finance data"
	People  []Person
	Channel string // where it is reached, e.g. "#finance-data"
	Where   fault.Place
}

// Person is somebody in a squad.
type Person struct {
	Name  string
	Email string
}

// Source is one connection that lands tables in the lake.
type Source struct {
	Name   string
	Kind   string   // "files"
	Node   ast.Node `json:"-"` // the whole mapping, for the adapter to decode its settings
	File   *File    // the file it stands in, to make Places from nodes
	Owner  string
	About  string // the description
	Tags   []string
	Drift  Drift
	Tables []SourceTable
	Where  fault.Place
}

// SourceTable is one table a source lands, as lake.<source>_<table>.
type SourceTable struct {
	Dataset     string // "lake.erp_invoices"
	Name        string // "invoices"
	Description string
	Owner       string
	Tags        []string
	Columns     []Column // declared; empty means inferred from the data
	Mode        string   // "append", "window", "key"
	Key         []string
	Version     string // column that orders copies of one key
	Deleted     string // SQL expression that is true for a deletion
	DeletedAt   fault.Place
	Window      string // of mode window: the column whose values a load replaces
	FreshWithin time.Duration
	Drift       Drift
	Node        ast.Node `json:"-"` // the table's mapping, for the adapter
	Where       fault.Place
}

// Model is one SELECT that builds a dataset.
type Model struct {
	Dataset     string // "finance.net_sales_daily"
	Layer       string // first folder below models/: "warehouse", "marts"
	Path        string // relative to Root, slashes
	SQL         string // the text without the header, blank lines kept so that positions hold
	Text        *File  // the whole file
	Description string
	Owner       string
	Tags        []string
	Grain       []string
	Build       string // "full" or "view"
	FreshWithin time.Duration
	History     int    // earlier versions that are kept; 0 for a view
	Dialect     string // the engine SQL is written for; "" is DuckDB. Any other has all columns declared, with types
	Overrides   []Override
	Portable    []Difference
	Columns     []Column // what the header says of columns; types come from compile
	Where       fault.Place
	Places      map[string]fault.Place // of header keys: "grain", "grain.0", "owner", "build"
}

// Override is a model's SQL on targets of one engine, from name.engine.sql.
type Override struct {
	Engine string // "postgres"
	SQL    string // as a Model's
	Text   *File
	Where  fault.Place
}

// Difference is one between engines that does not matter to a model.
type Difference struct {
	Rule   string // its name
	Reason string
	Where  fault.Place
}

// Column is what a file says of one column.
type Column struct {
	Name        string
	Description string
	Type        table.Type // zero: not declared
	Format      string     // how a date or time is written in the source, strptime style
	Required    bool
	Unique      bool
	Accepted    []string // accepted values
	Currency    string   // ISO code, or the name of the column that holds it
	Unit        string
	Personal    string // what kind of personal data it is: "email", "name", "address" ...
	Mask        string // "hash", "redact", "partial"
	Where       fault.Place
	TypeWhere   fault.Place
	Node        ast.Node `json:"-"` // what stands behind the name: a mapping, a type, or nothing
}

// Check is one rule on one dataset.
type Check struct {
	Name        string // keeps history when the rule changes; unique within the dataset
	Dataset     string
	Text        string // the rule as written, on one line
	Rule        Rule
	Warn        *Limit // nil: never warns
	Block       *Limit // nil: never blocks; of a rule that rejects: when too many are
	Reject      bool   // rows that break it are set apart, the others publish
	Where       fault.Place
	Tell        string // squad told when it fails; "" is the dataset's owner
	Description string
}

// Limit is when a rule fails: when the measured value compares so with Value.
// For rules that are simply kept or broken it is "> 0" failing rows.
type Limit struct {
	Op    string // ">", ">=", "<", "<=", "=", "!="
	Value string // exact number as text
	Share bool   // Value is percent of the rows judged
}

// RuleKind says what a rule measures.
type RuleKind string

// The kinds of rules.
const (
	Required   RuleKind = "required"   // Columns are never NULL; measures failing rows
	Unique     RuleKind = "unique"     // Columns together are unique; measures surplus rows
	Duplicates RuleKind = "duplicates" // as Unique, but held against an own limit
	Accepted   RuleKind = "accepted"   // Columns[0] is NULL or one of Values
	Range      RuleKind = "range"      // Columns[0] is NULL or between Min and Max
	Pattern    RuleKind = "pattern"    // Columns[0] is NULL or matches the regular expression
	References RuleKind = "references" // Columns are NULL or found in Other's OtherColumns
	RowCount   RuleKind = "row_count"  // number of rows
	Freshness  RuleKind = "freshness"  // age of the newest Columns[0], against Within
	SchemaRule RuleKind = "schema"     // the declared columns and types are there
	RowRule    RuleKind = "row"        // Expr is true or NULL for every row; measures failing rows
	Metric     RuleKind = "metric"     // Expr, an aggregate, against the limit
	Query      RuleKind = "query"      // SQL returns the failing rows
	Deviation  RuleKind = "deviation"  // Expr within K standard deviations of its own last days
	Reconcile  RuleKind = "reconcile"  // Expr equals Other's OtherExpr within Tolerance
)

// Rule is a parsed check. Which fields matter depends on Kind.
type Rule struct {
	Kind         RuleKind
	Columns      []string
	Values       []string
	Min, Max     string // "" is unbounded; of RowCount and Metric: the bounds of the value, which then measures 1 when outside, else 0
	Regex        string
	Expr         string   // SQL over the dataset's columns
	Where        string   // SQL condition that restricts the rows judged; "" is all
	By           []string // segment expressions
	SQL          string   // of Query
	Other        string   // other dataset
	OtherColumns []string
	OtherExpr    string
	OtherWhere   string
	OtherBy      []string // segment expressions of the other side; none: the same as By
	Tolerance    string   // of Reconcile: the most the two may differ, exact number; TolerancePercent if Percent
	Percent      bool
	Within       time.Duration // of Freshness
	K            float64       // of Deviation: standard deviations
	Days         int           // of Deviation: length of the baseline
	Over         string        // column whose days form the series; "" takes the history of evaluations
}
