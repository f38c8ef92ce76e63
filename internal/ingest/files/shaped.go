package files

import (
	"context"
	"strings"

	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/ingest"
	"github.com/larder-data/larder/internal/table"
)

// readParquet reads a Parquet file: its columns have types already, and a
// declared type must hold every value exactly.
func (j *job) readParquet(ctx context.Context) (ingest.Outcome, error) {
	from := "read_parquet(" + engine.Literal(j.arrival.Path) + ")"
	there, err := describe(ctx, j.conn, from)
	if err != nil {
		return ingest.Outcome{}, err
	}
	fields, err := j.named(there)
	if err != nil {
		return ingest.Outcome{}, err
	}
	defer j.drop(ctx, "unfit")
	return j.written(ctx, fields, from)
}

// readJSON reads an object a line. Objects may lack keys; nested ones stay as
// they are.
func (j *job) readJSON(ctx context.Context) (ingest.Outcome, error) {
	if j.arrival.Size == 0 {
		return ingest.Outcome{Columns: j.known, Notes: []string{j.arrival.Name + " is empty"}}, nil
	}
	there, err := describe(ctx, j.conn, jsonScan(j.arrival.Path, nil))
	if err != nil {
		return ingest.Outcome{}, err
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
		return ingest.Outcome{}, err
	}
	defer j.drop(ctx, "unfit")
	return j.written(ctx, fields, jsonScan(j.arrival.Path, read))
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
	call := "read_json(" + engine.Literal(path) + ", format = 'newline_delimited'"
	if columns == nil {
		return call + ", sample_size = -1)"
	}
	parts := make([]string, len(columns))
	for i, c := range columns {
		parts[i] = engine.Literal(c.Name) + ": " + engine.Literal(c.Type.String())
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
		if k, ok := table.Find(j.known, f.Name); ok && k.Type != c.Type {
			f.Type, f.as = k.Type, c.Type.String()
		} else if f.format != "" {
			f.as = c.Type.String()
		}
		if !f.Type.IsTemporal() || c.Type.Kind != table.Varchar {
			f.format = ""
		}
		if c.Type.Kind == table.Decimal && f.Type.Kind != table.Decimal {
			f.as = "VARCHAR"
		}
		fields = append(fields, f)
	}
	return fields, j.missing(fields, j.known)
}

// written writes the fields of a file whose rows the reader takes or leaves
// as a whole.
func (j *job) written(ctx context.Context, fields []field, from string) (ingest.Outcome, error) {
	out, err := j.write(ctx, fields, from)
	if err != nil {
		return out, err
	}
	if j.unfit {
		return out, j.quarantine(ctx, &out, "SELECT line, column_name, reason, text FROM "+j.temp("unfit"))
	}
	if out.Rows < 0 {
		return out, fault.New(fault.Internal, "%s: no row count", j.arrival.Name)
	}
	return out, nil
}
