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
