// Package postgres reads tables and queries of a PostgreSQL database: whole, or
// what changed since the last time, each in one snapshot, by COPY in the
// server's binary format, with every value exactly as it is there.
package postgres

import (
	"time"

	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/format"
	"github.com/larder-data/larder/internal/ingest"
	"github.com/larder-data/larder/internal/project"
)

// Source is what a source of kind postgres says beside what every source says.
type Source struct {
	URL project.Placed[string] `yaml:"url" jsonschema:"required" jsonschema_description:"Where the database is, such as ${SHOP_URL} or postgres://reader:${SHOP_PASSWORD}@db.example.com/shop"`
}

// Table is what a table of such a source says.
type Table struct {
	Table  project.Placed[string]        `yaml:"table" jsonschema_description:"The table or view to read, such as public.orders"`
	Query  project.Placed[string]        `yaml:"query" jsonschema_description:"Or a SELECT, in PostgreSQL's words"`
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
	url     string
	columns []declared
}

type declared struct {
	project.Column
	from string
}

func decode(t ingest.Table) (settings, error) {
	var s settings
	var source Source
	faults := t.Source.Decode(&source)
	faults = append(faults, t.Source.DecodeTable(t.SourceTable, &s.Table)...)
	s.url = source.URL.Value
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

// Layout says nothing of files: rows have types already.
func (r *Reader) Layout(t ingest.Table) (format.Layout, error) {
	if _, err := decode(t); err != nil {
		return format.Layout{}, err
	}
	return format.LayoutOf(t.Source, t.SourceTable, format.Settings{})
}
