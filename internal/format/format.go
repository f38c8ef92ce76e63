// Package format turns raw files into the lake's Parquet: delimited text, JSON
// lines, Parquet and spreadsheets, with types declared, known or found out.
//
// An embedded DuckDB parses; this package decides what it is told to expect,
// what a row that does not fit means, and in which words that is reported. Where
// the files come from is ingest's business, what a load means the lake's.
package format

import (
	"slices"
	"strings"
	"time"

	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/project"
	"github.com/larder-data/larder/internal/table"
)

// Settings is what a table says of how its files are written. Kinds of sources
// that bring files embed it in what their tables say.
type Settings struct {
	Format          project.Placed[string] `yaml:"format" jsonschema:"enum=csv,enum=tsv,enum=json,enum=parquet,enum=xlsx" jsonschema_description:"csv, tsv, json (an object a line), parquet or xlsx; default by the name"`
	Sheet           project.Placed[string] `yaml:"sheet" jsonschema_description:"Of xlsx: the sheet's name, or its number from 1; default the only one"`
	HeaderRow       project.Placed[int]    `yaml:"header_row" jsonschema_description:"Of xlsx: the row the columns' names stand in; default 1"`
	Header          *bool                  `yaml:"header" jsonschema_description:"false: the first line is data, and the declared columns go by position"`
	Delimiter       string                 `yaml:"delimiter" jsonschema_description:"What stands between fields; default a comma, for tsv a tab"`
	Quote           *string                `yaml:"quote" jsonschema_description:"What encloses fields; default a double quote"`
	Escape          *string                `yaml:"escape" jsonschema_description:"What escapes a quote inside quotes; default the quote itself"`
	Encoding        project.Placed[string] `yaml:"encoding" jsonschema_description:"utf-8 (default), utf-16, latin-1, windows-1252 and others by their IANA name"`
	Decimal         string                 `yaml:"decimal" jsonschema_description:"The decimal separator; default a point"`
	Null            []string               `yaml:"null" jsonschema_description:"Texts that mean no value; default the empty one"`
	Skip            int                    `yaml:"skip" jsonschema_description:"Lines before the header"`
	DateFormat      string                 `yaml:"date_format" jsonschema_description:"How dates are written, such as %d/%m/%Y"`
	TimestampFormat string                 `yaml:"timestamp_format" jsonschema_description:"How timestamps are written, such as %m/%d/%Y %H:%M"`
	Quarantine      project.Placed[string] `yaml:"quarantine" jsonschema_description:"How many unreadable rows a load may have, such as 10 or 0.1 %; default none"`
}

// Column is what a column of such a table says.
type Column struct {
	From   string `yaml:"from" jsonschema_description:"The column's name in the file, when it differs"`
	Format string `yaml:"format" jsonschema_description:"How its dates or timestamps are written, such as %m/%d/%Y %H:%M"`
}

// Layout is how the raw files of a table are to be read: what it says of them
// and the columns it declares.
type Layout struct {
	Settings
	columns []column
	drift   project.Drift
}

// column is a declared column and where it comes from.
type column struct {
	project.Column
	from string
}

// LayoutOf joins what a table says of its files, decoded by its source's kind,
// with its columns. The error is everything wrong with the columns.
func LayoutOf(s project.Source, t project.SourceTable, own Settings) (Layout, error) {
	l := Layout{Settings: own, drift: t.Drift}
	var faults fault.List
	for _, c := range t.Columns {
		written := Column{}
		faults = append(faults, s.DecodeColumn(c, &written)...)
		if written.From == "" {
			written.From = c.Name
		}
		if written.Format != "" {
			c.Format = written.Format
		}
		l.columns = append(l.columns, column{Column: c, from: written.From})
	}
	if l.Format.Given() {
		faults.Add(l.fits(l.Format.Value))
	}
	if len(faults) > 0 {
		return l, faults.Err()
	}
	if l.Header != nil && !*l.Header && len(l.columns) == 0 {
		return l, fault.At(t.Where, fault.Invalid, "a file without a header needs declared columns").
			WithHint("list columns: in the order they stand in the file")
	}
	return l, nil
}

// In returns the layout for files of a format when none was chosen.
func (l Layout) In(format string) Layout {
	if l.Format.Value == "" {
		l.Format.Value = format
	}
	return l
}

// Input is one raw file to read.
type Input struct {
	Layout Layout
	Name   string // as the source names it, for people
	Path   string // where it is; its ending says how it is compressed
	Size   int64
	// Known are the columns of the loads before, which a file that does not
	// declare its types is read as.
	Known []table.Column
	// The identity its rows get.
	Load     string
	LoadedAt time.Time
	// Where Parquet is written: the rows, and those that cannot be read.
	Rows, Rejects string
}

// Outcome is what reading a file brought.
type Outcome struct {
	Columns     []table.Column // of the rows written, without provenance
	Rows        int64
	Quarantined int64
	Notes       []string
}

// declares reports whether the table declares a column.
func (l Layout) declares(name string) bool {
	return slices.ContainsFunc(l.columns, func(c column) bool { return strings.EqualFold(c.Name, name) })
}

func (l Layout) header() bool { return l.Header == nil || *l.Header }
