// Package files reads delimited text, JSON lines and Parquet from a folder
// into loads.
//
// An embedded DuckDB parses; this package decides what it is told to expect,
// what a row that does not fit means, and in which words that is reported.
package files

import (
	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/ingest"
	"github.com/larder-data/larder/internal/project"
)

// Source is what a source of kind files says beside what every source says.
type Source struct {
	Path string `yaml:"path" jsonschema_description:"The folder its files lie in, relative to the project; default the project's own"`
}

// Table is what a table of such a source says.
type Table struct {
	Files           project.Placed[[]string] `yaml:"files" jsonschema:"required" jsonschema_description:"Globs below path, ** crosses folders; a single one may stand alone"`
	Format          project.Placed[string]   `yaml:"format" jsonschema:"enum=csv,enum=tsv,enum=json,enum=parquet" jsonschema_description:"csv, tsv, json (an object a line) or parquet; default by the name"`
	Header          *bool                    `yaml:"header" jsonschema_description:"false: the first line is data, and the declared columns go by position"`
	Delimiter       string                   `yaml:"delimiter" jsonschema_description:"What stands between fields; default a comma, for tsv a tab"`
	Quote           *string                  `yaml:"quote" jsonschema_description:"What encloses fields; default a double quote"`
	Escape          *string                  `yaml:"escape" jsonschema_description:"What escapes a quote inside quotes; default the quote itself"`
	Encoding        project.Placed[string]   `yaml:"encoding" jsonschema_description:"utf-8 (default), utf-16, latin-1, windows-1252 and others by their IANA name"`
	Decimal         string                   `yaml:"decimal" jsonschema_description:"The decimal separator; default a point"`
	Null            []string                 `yaml:"null" jsonschema_description:"Texts that mean no value; default the empty one"`
	Skip            int                      `yaml:"skip" jsonschema_description:"Lines before the header"`
	DateFormat      string                   `yaml:"date_format" jsonschema_description:"How dates are written, such as %d/%m/%Y"`
	TimestampFormat string                   `yaml:"timestamp_format" jsonschema_description:"How timestamps are written, such as %m/%d/%Y %H:%M"`
	Quarantine      project.Placed[string]   `yaml:"quarantine" jsonschema_description:"How many unreadable rows a load may have, such as 10 or 0.1 %; default none"`
}

// Column is what a column of such a table says.
type Column struct {
	From   string `yaml:"from" jsonschema_description:"The column's name in the file, when it differs"`
	Format string `yaml:"format" jsonschema_description:"How its dates or timestamps are written, such as %m/%d/%Y %H:%M"`
}

// settings are a table's settings, decoded.
type settings struct {
	Table
	path    string
	columns []column
}

// column is a declared column and where it comes from.
type column struct {
	project.Column
	from string
}

func decode(t ingest.Table) (settings, error) {
	var s settings
	var source Source
	faults := t.Source.Decode(&source)
	faults = append(faults, t.Source.DecodeTable(t.SourceTable, &s.Table)...)
	s.path = source.Path
	for _, c := range t.SourceTable.Columns {
		own := Column{}
		faults = append(faults, t.Source.DecodeColumn(c, &own)...)
		if own.From == "" {
			own.From = c.Name
		}
		if own.Format != "" {
			c.Format = own.Format
		}
		s.columns = append(s.columns, column{Column: c, from: own.From})
	}
	if len(faults) > 0 {
		return s, faults.Err()
	}
	if s.Header != nil && !*s.Header && len(s.columns) == 0 {
		return s, fault.At(t.Where, fault.Invalid, "a file without a header needs declared columns").
			WithHint("list columns: in the order they stand in the file")
	}
	return s, nil
}

func (s settings) header() bool { return s.Header == nil || *s.Header }
