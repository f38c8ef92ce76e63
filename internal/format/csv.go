package format

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/project"

	"github.com/larder-data/larder/internal/table"
)

// readCSV reads delimited text.
func (j *job) readCSV(ctx context.Context, t text) (Outcome, error) {
	known, err := j.expected(ctx, t)
	if err != nil {
		return Outcome{}, err
	}
	if t.empty {
		return Outcome{Columns: known, Notes: []string{j.in.Name + " is empty"}}, nil
	}
	fields, err := j.fields(t.first, known)
	if err != nil {
		return Outcome{}, err
	}
	out, rejected, err := j.scanCSV(ctx, t, fields)
	if err == nil && rejected && j.narrow {
		// A number may be right and only too long for the quick way.
		j.wide, j.unfit = true, false
		out, rejected, err = j.scanCSV(ctx, t, fields)
	}
	if (rejected || j.unfit) && j.drift.Retyped == project.Evolve && (err == nil || fault.KindOf(err) == fault.Held) {
		return j.retypedCSV(ctx, t, fields, out, err)
	}
	return out, err
}

// retypedCSV reads the file again when undeclared columns hold values of
// another type than before, as types that hold both.
func (j *job) retypedCSV(ctx context.Context, t text, fields []field, out Outcome, told error) (Outcome, error) {
	shown, err := j.inferCSV(ctx, j.conn, t)
	if err != nil {
		return out, err
	}
	changed := false
	for i := range fields {
		f := &fields[i]
		if f.skip || j.declares(f.Name) || i >= len(shown) {
			continue
		}
		if joined := table.Join(f.Type, shown[i].Type); joined != f.Type {
			*f, changed = field{Column: table.Column{Name: f.Name, Type: joined}}, true
		}
	}
	if !changed {
		return out, told
	}
	j.unfit = false
	out, _, err = j.scanCSV(ctx, t, fields)
	return out, err
}

// scanCSV reads the file once, and reports whether anything in it was rejected.
func (j *job) scanCSV(ctx context.Context, t text, fields []field) (out Outcome, rejected bool, err error) {
	fields = j.readable(fields)
	// Rejects are kept in tables of the connection until they are dropped.
	scan := j.csvScan(t.path, fields, len(t.first)) + fmt.Sprintf(", max_line_size = %d, store_rejects = true, rejects_table = '%s', rejects_scan = '%s')", longestLine, j.temp("rejects"), j.temp("scans"))
	defer j.drop(ctx, "rejects", "scans", "unfit")
	if out, err = j.write(ctx, fields, scan); err != nil {
		return out, false, err
	}
	var count int64
	if err := j.conn.QueryRowContext(ctx, "SELECT count(*) FROM "+j.temp("rejects")).Scan(&count); err != nil {
		return out, false, unreadable(err)
	}
	if rejected = count > 0; !rejected && !j.unfit || rejected && j.narrow && !j.wide {
		return out, rejected, nil
	}
	names, casts := "CASE column_name", "CASE column_name"
	for i, f := range fields {
		names += fmt.Sprintf(" WHEN 'c%d' THEN %s", i, table.Literal(f.Name))
		casts += fmt.Sprintf(" WHEN 'c%d' THEN %s", i, table.Literal("not of type "+strings.ToLower(f.Type.String())))
	}
	reason := "CASE CAST(error_type AS VARCHAR) WHEN 'CAST' THEN " + casts + " END ELSE lower(CAST(error_type AS VARCHAR)) END"
	rejects := []string{"SELECT CAST(line AS BIGINT) AS line, " + names + " ELSE NULL END AS column_name, " + reason + " AS reason, csv_line AS text FROM " + j.temp("rejects")}
	if j.unfit {
		rejects = append(rejects, "SELECT line, column_name, reason, text FROM "+j.temp("unfit"))
	}
	return out, rejected, j.quarantine(ctx, &out, rejects...)
}

// expected are the columns to read the file as: declared, known from the loads
// before, or what this file shows.
func (j *job) expected(ctx context.Context, t text) ([]table.Column, error) {
	if len(j.in.Known) > 0 || t.empty {
		return j.in.Known, nil
	}
	return j.inferCSV(ctx, j.conn, t)
}

// fields puts the file's columns, in their order, beside the table's.
func (j *job) fields(header []string, known []table.Column) ([]field, error) {
	if !j.header() {
		if len(header) != len(j.columns) {
			return nil, fault.New(fault.Held, "%s has %d columns, %d are declared", j.in.Name, len(header), len(j.columns)).
				WithHint("columns: lists all of them, in the order they stand in the file")
		}
		header = nil
		for _, c := range j.columns {
			header = append(header, c.from)
		}
	}
	fields := make([]field, len(header))
	seen := map[string]string{} // as the file spells them
	for i, name := range header {
		spelled := strings.TrimSpace(name)
		f := field{Column: table.Column{Name: spelled, Type: table.Type{Kind: table.Varchar}}}
		for _, c := range j.columns {
			if strings.EqualFold(c.from, f.Name) {
				f.Name, f.format = c.Name, c.Format
				break
			}
		}
		if k, ok := table.Find(known, f.Name); ok {
			f.Column = k
		} else {
			f.skip = len(known) > 0 && j.drift.Added == project.Ignore
		}
		if f.Name == "" {
			return nil, fault.New(fault.Held, "%s has no name for its column %d", j.in.Name, i+1).
				WithHint("is the first line a header? otherwise say header: false and declare columns:")
		}
		if other, ok := seen[strings.ToLower(f.Name)]; ok {
			return nil, fault.New(fault.Held, "%s has two columns named %s and %s", j.in.Name, other, spelled).
				WithHint("names of columns differ by more than case; ask for a corrected file")
		}
		seen[strings.ToLower(f.Name)] = spelled
		fields[i] = f
	}
	return fields, j.missing(fields, known)
}

// missing holds a file that lacks columns, naming what might be meant.
func (j *job) missing(fields []field, known []table.Column) error {
	var names []string
	for _, f := range fields {
		names = append(names, f.Name)
	}
	for _, k := range known {
		if _, ok := table.Find(columnsOf(fields), k.Name); ok || j.drift.Removed != project.Hold {
			continue
		}
		err := fault.New(fault.Held, "%s lacks the column %s; it has %s", j.in.Name, k.Name, strings.Join(names, ", "))
		if near, ok := fault.Nearest(k.Name, names); ok {
			return err.WithHint("is it %s? then say so in columns: with from: %s", near, near)
		}
		return err.WithHint("the last good data stays; ask for a corrected file, or change columns:")
	}
	return nil
}

// readable decides for each column whether the reader delivers its type or
// something to convert it from.
func (j *job) readable(fields []field) []field {
	for i := range fields {
		f := &fields[i]
		f.raw = fmt.Sprintf("c%d", i)
		if f.format == "" {
			switch f.Type.Kind {
			case table.Date:
				f.format = j.DateFormat
			case table.Timestamp, table.TimestampTZ:
				f.format = j.TimestampFormat
			}
		}
		switch {
		case f.format != "" && f.Type.IsTemporal():
			f.as = "VARCHAR"
		case f.Type.Kind == table.Decimal && f.Type.Precision <= 36:
			f.format, f.as = "", j.finer(f.Type)
		case f.Type.Kind == table.Decimal, f.Type.Kind == table.Nested, f.Type.Kind == table.JSON,
			f.Type.Kind == table.Blob, f.Type.Kind == table.Interval, f.Type.Kind == table.UUID:
			f.format, f.as = "", "VARCHAR"
		default:
			f.format = ""
		}
	}
	return fields
}

// finer is the decimal a column is read as: two more digits show whether a value
// has more than the column keeps. Beyond 18 digits DuckDB computes ten times
// slower, so numbers that only just fit into them are read without room for
// their largest values, and the file again when it has such.
func (j *job) finer(of table.Type) string {
	precision := of.Precision + 2
	if of.Precision <= 18 && precision > 18 && of.Scale <= 14 && !j.wide {
		j.narrow = true
		precision = 18
	}
	return fmt.Sprintf("DECIMAL(%d,%d)", precision, of.Scale+2)
}

// csvScan is the call of DuckDB's reader, its parenthesis left open.
func (j *job) csvScan(path string, fields []field, width int) string {
	columns := make([]string, 0, width)
	for i, f := range fields {
		as := f.as
		if as == "" {
			as = f.Type.String()
		}
		columns = append(columns, fmt.Sprintf("'c%d': %s", i, table.Literal(as)))
	}
	return "read_csv(" + table.Literal(path) + ", columns = {" + strings.Join(columns, ", ") + "}" + j.dialect()
}

// dialect is how the text is written.
func (l Layout) dialect() string {
	quote, escape := `"`, ""
	if l.Quote != nil {
		quote = *l.Quote
	}
	if escape = quote; l.Escape != nil {
		escape = *l.Escape
	}
	out := fmt.Sprintf(", auto_detect = false, header = %t, delim = %s, quote = %s, escape = %s, skip = %d",
		l.header(), table.Literal(l.delimiter()), table.Literal(quote), table.Literal(escape), l.Skip)
	if l.Decimal != "" {
		out += ", decimal_separator = " + table.Literal(l.Decimal)
	}
	if len(l.Null) > 0 {
		texts := make([]string, len(l.Null))
		for i, text := range l.Null {
			texts[i] = table.Literal(text)
		}
		out += ", nullstr = [" + strings.Join(texts, ", ") + "]"
	}
	return out
}

// drop removes the temporary tables of the job, even when it was stopped.
func (j *job) drop(ctx context.Context, whats ...string) {
	var statements []string
	for _, what := range whats {
		statements = append(statements, "DROP TABLE IF EXISTS "+j.temp(what))
	}
	// What was never made cannot be dropped, which is as good.
	_, _ = j.conn.ExecContext(context.WithoutCancel(ctx), strings.Join(statements, ";"))
}

// inferCSV reads the whole file as text and finds the narrowest types all its
// values fit: numbers with a point become decimals, since they may be money,
// and numbers with leading zeros stay text, since they are codes.
func (l Layout) inferCSV(ctx context.Context, conn *sql.Conn, t text) ([]table.Column, error) {
	if t.empty {
		return nil, nil
	}
	var names []string
	if l.header() {
		for _, name := range t.first {
			names = append(names, strings.TrimSpace(name))
		}
	}
	var sniffed []table.Column
	columns := make([]string, len(names))
	tests := make([]string, len(names))
	for i := range names {
		columns[i] = fmt.Sprintf("'c%d': 'VARCHAR'", i)
		tests[i] = kindTest(fmt.Sprintf("c%d", i))
	}
	from := "read_csv(" + table.Literal(t.path) + ", columns = {" + strings.Join(columns, ", ") + "}" + l.dialect() + ", ignore_errors = true)"
	kinds := make([]string, len(names))
	targets := make([]any, len(names))
	for i := range kinds {
		targets[i] = &kinds[i]
	}
	if err := conn.QueryRowContext(ctx, "SELECT "+strings.Join(tests, ", ")+" FROM "+from).Scan(targets...); err != nil {
		return nil, unreadable(err)
	}
	for i, name := range names {
		of, err := table.ParseType(kinds[i])
		if err != nil {
			return nil, fault.New(fault.Internal, "column %s: %w", name, err)
		}
		sniffed = append(sniffed, table.Column{Name: name, Type: of})
	}
	return sniffed, nil
}

// kindTest is the expression that names the type all values of a column fit.
func kindTest(column string) string {
	all := func(condition string) string { return "bool_and(" + condition + ")" }
	matches := func(pattern string) string { return "regexp_full_match(" + column + ", '" + pattern + "')" }
	fraction := "coalesce(max(length(split_part(" + column + ", '.', 2))), 0)"
	return "CASE WHEN count(" + column + ") = 0 THEN 'VARCHAR'" +
		" WHEN " + all("lower("+column+") IN ('true', 'false')") + " THEN 'BOOLEAN'" +
		" WHEN " + all(matches("-?(0|[1-9][0-9]{0,17})")) + " THEN 'BIGINT'" +
		" WHEN " + all(matches(`-?(0|[1-9][0-9]{0,14})(\.[0-9]{1,9})?`)) + " AND max(length(" + column + ")) <= 18 THEN 'DECIMAL(' || " +
		"CASE WHEN " + fraction + " > 3 THEN 28 ELSE 18 END || ',' || greatest(2, " + fraction + ") || ')'" +
		" WHEN " + all("TRY_CAST("+column+" AS DOUBLE) IS NOT NULL AND NOT "+matches("-?0[0-9].*")) + " THEN 'DOUBLE'" +
		" WHEN " + all(matches(`[0-9]{4}-[0-9]{2}-[0-9]{2}`)+" AND TRY_CAST("+column+" AS DATE) IS NOT NULL") + " THEN 'DATE'" +
		" WHEN " + all("TRY_CAST("+column+" AS TIMESTAMP) IS NOT NULL AND NOT "+matches(`.*([zZ]|[+-][0-9]{2}(:?[0-9]{2})?)`)) + " THEN 'TIMESTAMP'" +
		" WHEN " + all("TRY_CAST("+column+" AS TIMESTAMPTZ) IS NOT NULL") + " THEN 'TIMESTAMP WITH TIME ZONE'" +
		" ELSE 'VARCHAR' END"
}
