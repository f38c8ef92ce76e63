package format

import (
	"context"
	"strings"

	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/project"

	"github.com/larder-data/larder/internal/table"
)

// readParquet reads a Parquet file: its columns have types already, and a
// declared type must hold every value exactly.
func (j *job) readParquet(ctx context.Context) (Outcome, error) {
	from := "read_parquet(" + table.Literal(j.in.Path) + ")"
	there, err := describe(ctx, j.conn, from)
	if err != nil {
		return Outcome{}, err
	}
	fields, err := j.named(there)
	if err != nil {
		return Outcome{}, err
	}
	defer j.drop(ctx, "unfit")
	return j.written(ctx, fields, from)
}

// readJSON reads an object a line. Objects may lack keys; nested ones stay as
// they are.
func (j *job) readJSON(ctx context.Context) (Outcome, error) {
	if j.in.Size == 0 {
		return Outcome{Columns: j.in.Known, Notes: []string{j.in.Name + " is empty"}}, nil
	}
	there, err := describe(ctx, j.conn, jsonScan(j.in.Path, nil))
	if err != nil {
		return Outcome{}, err
	}
	var read []table.Column
	for _, c := range j.columns {
		read = append(read, table.Column{Name: c.from, Type: jsonType(c.Type, c.Format)})
		if _, ok := table.Find(there, c.from); !ok {
			there = append(there, table.Column{Name: c.from, Type: jsonType(c.Type, c.Format)})
		}
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
	defer j.drop(ctx, "unfit")
	return j.written(ctx, fields, jsonScan(j.in.Path, read))
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

// named puts the columns found in a file beside the table's.
func (j *job) named(there []table.Column) ([]field, error) {
	var fields []field
	for _, c := range there {
		f := field{Column: c, raw: c.Name}
		for _, own := range j.columns {
			if strings.EqualFold(own.from, c.Name) {
				f.Name, f.format = own.Name, own.Format
			}
		}
		k, ok := table.Find(j.in.Known, f.Name)
		switch {
		case ok && k.Type != c.Type:
			f.Type, f.as = j.taken(f.Name, k.Type, c.Type), c.Type.String()
		case f.format != "":
			f.as = c.Type.String()
		}
		f.skip = !ok && len(j.in.Known) > 0 && j.drift.Added == project.Ignore
		if f.Type == c.Type && f.format == "" {
			f.as = ""
		}
		if !f.Type.IsTemporal() || c.Type.Kind != table.Varchar {
			f.format = ""
		}
		if c.Type.Kind == table.Decimal && f.Type.Kind != table.Decimal {
			f.as = "VARCHAR"
		}
		fields = append(fields, f)
	}
	return fields, j.missing(fields, j.in.Known)
}

// taken is the type a column is read as that was one and is another now.
func (j *job) taken(name string, known, found table.Type) table.Type {
	switch {
	case j.declares(name):
		return known
	case table.Widens(known, found) && j.drift.Widened != project.Ignore:
		return found
	case j.drift.Retyped == project.Evolve:
		return table.Join(known, found)
	default:
		return known
	}
}

// written writes the fields of a file whose rows the reader takes or leaves
// as a whole.
func (j *job) written(ctx context.Context, fields []field, from string) (Outcome, error) {
	out, err := j.write(ctx, fields, from)
	if err != nil {
		return out, err
	}
	if j.unfit {
		return out, j.quarantine(ctx, &out, "SELECT line, column_name, reason, text FROM "+j.temp("unfit"))
	}
	if out.Rows < 0 {
		return out, fault.New(fault.Internal, "%s: no row count", j.in.Name)
	}
	return out, nil
}
