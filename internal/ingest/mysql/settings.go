// Package mysql reads tables and queries of a MySQL or MariaDB database: whole,
// or what changed since the last time, each in one snapshot, row by row over the
// server's binary protocol, with every value exactly as it is there.
package mysql

import (
	"slices"
	"strings"
	"time"

	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/format"
	"github.com/larder-data/larder/internal/ingest"
	"github.com/larder-data/larder/internal/project"
)

// Source is what a source of kind mysql says beside what every source says.
type Source struct {
	URL      project.Placed[string] `yaml:"url" jsonschema:"required" jsonschema_description:"Where the database is, such as ${SHOP_URL} or mysql://reader:${SHOP_PASSWORD}@db.example.com/shop"`
	Snapshot project.Placed[string] `yaml:"snapshot" jsonschema:"enum=table,enum=consistent" jsonschema_description:"table: each table is read as it is when its turn comes, the default; consistent: all tables a run reads are of one moment, one after the other"`
}

// Table is what a table of such a source says.
type Table struct {
	Table  project.Placed[string]        `yaml:"table" jsonschema_description:"The table or view to read, such as orders or shop.orders"`
	Query  project.Placed[string]        `yaml:"query" jsonschema_description:"Or a SELECT, in MySQL's words"`
	Since  project.Placed[Since]         `yaml:"since" jsonschema_description:"Read only what changed; without it the whole table is read each time and replaces what was there"`
	Reread project.Placed[time.Duration] `yaml:"reread" jsonschema_description:"With since: how often everything is read again, such as 7 days; it finds what was deleted and what was missed"`
}

// Since is how to know what changed.
type Since struct {
	Column   string        `yaml:"column" jsonschema:"required" jsonschema_description:"A column that grows with every change: a time, a day or a whole number"`
	Lookback time.Duration `yaml:"lookback" jsonschema_description:"How far back to read again, for changes that were committed late, such as 1 hour"`
}

// Column is what a column of such a table says.
type Column struct {
	From string `yaml:"from" jsonschema_description:"The column's name at the source, when it differs"`
}

// settings are a table's settings, decoded.
type settings struct {
	Table
	url     project.Placed[string]
	one     bool // all tables are read in one snapshot
	columns []declared
	drift   project.Drift
}

type declared struct {
	project.Column
	from string
}

func decode(t ingest.Table) (settings, error) {
	s := settings{drift: t.Drift}
	var source Source
	faults := t.Source.Decode(&source)
	faults = append(faults, t.Source.DecodeTable(t.SourceTable, &s.Table)...)
	s.url, s.one = source.URL, source.Snapshot.Value == "consistent"
	for _, c := range t.Columns {
		own := Column{}
		faults = append(faults, t.Source.DecodeColumn(c, &own)...)
		if own.From == "" {
			own.From = c.Name
		}
		s.columns = append(s.columns, declared{c, own.From})
	}
	switch {
	case s.Table.Table.Given() == s.Query.Given():
		faults.Add(fault.At(t.Where, fault.Invalid, "a table of a database says table: or query:, one of them"))
	case s.Since.Given() && t.Mode != "key":
		faults.Add(s.Since.Fault("rows that are read again need a key").WithHint("add key: with the columns that tell rows apart"))
	case s.Reread.Given() && !s.Since.Given():
		faults.Add(s.Reread.Fault("without since: everything is read each time"))
	}
	return s, faults.Err()
}

// what is read, for people.
func (s settings) what() string {
	if s.Query.Given() {
		return "the query"
	}
	return s.Table.Table.Value
}

// from is the FROM item.
func (s settings) from() string {
	if s.Query.Given() {
		return "(" + strings.TrimRight(strings.TrimSpace(s.Query.Value), ";") + "\n) AS src"
	}
	schema, name := s.relation()
	if schema == "" {
		return quote(name) + " AS src"
	}
	return quote(schema) + "." + quote(name) + " AS src"
}

// relation is the table's database, "" for the address's, and its name.
func (s settings) relation() (schema, name string) {
	schema, name, ok := strings.Cut(s.Table.Table.Value, ".")
	if !ok {
		return "", unquote(schema)
	}
	return unquote(schema), unquote(name)
}

func quote(name string) string { return "`" + strings.ReplaceAll(name, "`", "``") + "`" }

// unquote takes the backquotes off a name that has them.
func unquote(name string) string {
	if inner, ok := strings.CutPrefix(name, "`"); ok {
		return strings.ReplaceAll(strings.TrimSuffix(inner, "`"), "``", "`")
	}
	return name
}

// Layout says how rows are read that do not have the declared types already:
// under the names they have in the lake.
func (r *Reader) Layout(t ingest.Table) (format.Layout, error) {
	if _, err := decode(t); err != nil {
		return format.Layout{}, err
	}
	named := t.SourceTable
	named.Columns = slices.Clone(t.Columns)
	for i := range named.Columns {
		named.Columns[i].Node = nil // what it says of its name at the source is done
	}
	return format.LayoutOf(t.Source, named, format.Settings{})
}
