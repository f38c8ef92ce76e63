package format

import (
	"context"
	"database/sql"
	"slices"
	"strings"

	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/project"
	"github.com/larder-data/larder/internal/table"
)

// shape is what a JSON file shows of its columns.
type shape struct {
	columns []table.Column
	texts   []string // columns to be read as text and cast, so that no digit is lost
	nulls   []string // columns that have a key and no value in any record
}

func (s shape) null(name string) bool {
	return slices.ContainsFunc(s.nulls, func(n string) bool { return strings.EqualFold(n, name) })
}

func (s shape) text(name string) bool { return slices.Contains(s.texts, name) }

// shownJSON finds out the columns of a file of JSON lines. DuckDB's own guess
// is looked at again where it would lose something: numbers with a point become
// decimals, since they may be money; text becomes a time with its zone; nested
// values stay JSON, since which of their keys are there changes from load to
// load.
func shownJSON(ctx context.Context, conn *sql.Conn, path string) (shape, error) {
	there, err := describe(ctx, conn, jsonScan(path, nil))
	if err != nil {
		return shape{}, err
	}
	var s shape
	var again []table.Column
	for _, c := range there {
		switch c.Type.Kind {
		case table.Double, table.Float, table.JSON, table.Varchar, table.Timestamp, table.Date:
			again = append(again, table.Column{Name: c.Name, Type: table.Type{Kind: table.Varchar}})
		}
	}
	kinds, err := kindsOf(ctx, conn, path, again)
	if err != nil {
		return shape{}, err
	}
	for _, c := range there {
		i := slices.IndexFunc(again, func(a table.Column) bool { return a.Name == c.Name })
		switch {
		case c.Type.Kind == table.Nested:
			c.Type = table.Type{Kind: table.JSON}
		case i >= 0 && kinds[i] == "NULL":
			s.nulls = append(s.nulls, c.Name)
			continue
		case i >= 0:
			found, err := table.ParseType(kinds[i])
			if err != nil {
				return shape{}, fault.New(fault.Internal, "column %s: %w", c.Name, err)
			}
			if found = better(c.Type, found); found != c.Type {
				c.Type = found
				s.texts = append(s.texts, c.Name)
			}
		}
		s.columns = append(s.columns, c)
	}
	return s, nil
}

// better chooses between the type DuckDB guessed and the one all values fit as
// text. What the file quotes is text, unless it is money or a time.
func better(guessed, fits table.Type) table.Type {
	switch guessed.Kind {
	case table.Varchar:
		if fits.Kind == table.Decimal || fits.IsTemporal() {
			return fits
		}
		return guessed
	case table.Timestamp, table.Date:
		if fits.IsTemporal() {
			return fits
		}
		return guessed
	default:
		return fits
	}
}

// kindsOf names the type all values of each column fit as text: NULL when there
// is no value, JSON when one is nested.
func kindsOf(ctx context.Context, conn *sql.Conn, path string, columns []table.Column) ([]string, error) {
	if len(columns) == 0 {
		return nil, nil
	}
	kinds, tests, targets := make([]string, len(columns)), make([]string, len(columns)), make([]any, len(columns))
	for i, c := range columns {
		tests[i], targets[i] = jsonKindTest(table.Quote(c.Name)), &kinds[i]
	}
	err := conn.QueryRowContext(ctx, "SELECT "+strings.Join(tests, ", ")+" FROM "+jsonScan(path, columns)).Scan(targets...)
	return kinds, unreadable(err)
}

// jsonKindTest is kindTest for JSON, where a number may have any length: one a
// DOUBLE would not keep is a whole number of 38 digits, or text.
func jsonKindTest(column string) string {
	long := "max(length(regexp_replace(regexp_replace(" + column + ", '[eE].*$', ''), '[^0-9]', '', 'g')))"
	return "CASE WHEN count(" + column + ") = 0 THEN 'NULL'" +
		" WHEN bool_or(" + column + " LIKE '{%' OR " + column + " LIKE '[%') THEN 'JSON'" +
		" WHEN bool_and(regexp_full_match(" + column + ", '-?(0|[1-9][0-9]{0,37})')) AND " + long + " > 18 THEN 'HUGEINT'" +
		" ELSE CASE " + kindTest(column) + " WHEN 'DOUBLE' THEN CASE WHEN " + long + " > 17 THEN 'VARCHAR' ELSE 'DOUBLE' END ELSE " + kindTest(column) + " END END"
}

// readJSON reads an object a line. Objects may lack keys; nested ones stay as
// they are.
func (j *job) readJSON(ctx context.Context) (Outcome, error) {
	if j.in.Size == 0 {
		return Outcome{Columns: j.in.Known, Notes: []string{j.in.Name + " is empty"}}, nil
	}
	shown, err := shownJSON(ctx, j.conn, j.in.Path)
	if err != nil {
		return Outcome{}, err
	}
	there := j.recalled(&shown)
	var read []table.Column
	for _, c := range j.columns {
		if _, ok := table.Find(there, c.from); !ok && !shown.null(c.from) && j.drift.Removed == project.Hold {
			continue // no record has it: it is missing, and told
		} else if !ok {
			there = append(there, table.Column{Name: c.from, Type: jsonType(c.Type, c.Format)})
		}
		read = append(read, table.Column{Name: c.from, Type: jsonType(c.Type, c.Format)})
	}
	for _, c := range there {
		if _, ok := table.Find(read, c.Name); !ok {
			read = append(read, c)
		}
	}
	fields, err := j.named(read)
	if err != nil {
		return Outcome{}, err
	}
	for i, c := range read {
		if shown.text(c.Name) && !j.from(c.Name) {
			read[i].Type = table.Type{Kind: table.Varchar}
			if fields[i].as = "VARCHAR"; fields[i].Type == read[i].Type {
				fields[i].as = ""
			}
		}
	}
	defer j.drop(ctx, "unfit")
	return j.written(ctx, fields, jsonScan(j.in.Path, read))
}

// recalled are the columns the file shows, with those that have no value in it
// as they are known, and those known with another type read as text.
func (j *job) recalled(s *shape) []table.Column {
	there := slices.Clone(s.columns)
	for _, name := range s.nulls {
		if k, ok := table.Find(j.in.Known, j.own(name)); ok {
			there = append(there, table.Column{Name: name, Type: k.Type})
		}
	}
	for i, c := range there {
		k, ok := table.Find(j.in.Known, j.own(c.Name))
		if !ok || k.Type == c.Type || c.Type.Kind == table.JSON && k.Type.Kind == table.Nested {
			continue
		}
		if k.Type.Kind != table.Nested && k.Type.Kind != table.JSON && !s.text(c.Name) {
			s.texts = append(s.texts, c.Name)
		}
		if k.Type.Kind == table.JSON {
			there[i].Type = k.Type // whatever it is, it is JSON
			s.texts = slices.DeleteFunc(s.texts, func(name string) bool { return name == c.Name })
		}
	}
	return there
}

// own is the table's name of a column of the file.
func (j *job) own(name string) string {
	for _, c := range j.columns {
		if strings.EqualFold(c.from, name) {
			return c.Name
		}
	}
	return name
}

// from reports whether a declared column comes from the key.
func (j *job) from(name string) bool {
	return slices.ContainsFunc(j.columns, func(c column) bool { return strings.EqualFold(c.from, name) })
}

// jsonType is what a declared column is read as. Numbers are read as text, so
// that neither digits nor places are lost before they are cast.
func jsonType(declared table.Type, format string) table.Type {
	text := table.Type{Kind: table.Varchar}
	if declared.Kind == table.Decimal || declared.Kind == table.Unknown || format != "" {
		return text
	}
	return declared
}

func jsonScan(path string, columns []table.Column) string {
	call := "read_json(" + table.Literal(path) + ", format = 'newline_delimited'"
	if columns == nil {
		return call + ", sample_size = -1)"
	}
	parts := make([]string, len(columns))
	for i, c := range columns {
		parts[i] = table.Literal(c.Name) + ": " + table.Literal(c.Type.String())
	}
	return call + ", columns = {" + strings.Join(parts, ", ") + "})"
}
