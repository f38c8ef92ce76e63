package format

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/project"

	"github.com/larder-data/larder/internal/table"
)

// job is the reading of one file.
type job struct {
	Layout
	conn   *sql.Conn
	in     Input
	id     int64  // keeps the names of its temporary tables apart
	unfit  bool   // there is a table of rows that did not fit
	narrow bool   // decimals were read as less than their type can hold
	wide   bool   // decimals are to be read as all their type can hold
	shifts string // of a sheet, how its rows differ from lines
}

// field is one column of the rows to write: where its text or value is found
// and how it becomes the column's type.
type field struct {
	table.Column
	raw    string // the name under which the reader delivers it
	as     string // the type the reader delivers; "" when it delivers Column.Type
	format string // of dates and timestamps
	skip   bool   // it is there and not taken
}

// value is the expression of the column's value.
func (f field) value() string {
	raw := table.Quote(f.raw)
	switch {
	case f.format != "":
		return "CAST(try_strptime(" + raw + ", " + table.Literal(f.format) + ") AS " + f.Type.String() + ")"
	case f.as != "":
		return "TRY_CAST(" + raw + " AS " + f.Type.String() + ")"
	default:
		return raw
	}
}

// unfit is the condition under which a value was there and did not survive the
// conversion, "" when the reader itself rejects such values.
func (f field) unfit() string {
	raw := table.Quote(f.raw)
	switch {
	case f.skip:
		return ""
	case f.format == "" && f.as == "":
		return ""
	case f.format == "" && f.as == "VARCHAR" && f.rounds() != "":
		return "(" + raw + " IS NOT NULL AND (" + f.value() + " IS NULL OR " + f.value() + " IS DISTINCT FROM TRY_CAST(" + raw + " AS " + f.rounds() + ")))"
	case f.format == "" && f.Type.Kind == table.Decimal && f.as != "VARCHAR":
		return "(" + raw + " IS NOT NULL AND " + f.value() + " IS DISTINCT FROM " + raw + ")"
	default:
		return "(" + raw + " IS NOT NULL AND " + f.value() + " IS NULL)"
	}
}

// rounds is a finer type that shows whether text was rounded to the column's,
// "" when the column's does not round or there is none finer.
func (f field) rounds() string {
	switch {
	case f.Type.Kind == table.Decimal && f.Type.Precision < 38:
		return fmt.Sprintf("DECIMAL(38,%d)", 38-f.Type.Precision+f.Type.Scale)
	case f.Type.Kind >= table.TinyInt && f.Type.Kind <= table.UBigInt && f.Type.Kind != table.HugeInt:
		return "DECIMAL(38,18)"
	}
	return ""
}

// selected lists the columns' values and the provenance, under their names.
func (j *job) selected(fields []field, row string) string {
	var list []string
	for _, f := range fields {
		if f.skip {
			continue
		}
		list = append(list, f.value()+" AS "+table.Quote(f.Name))
	}
	return strings.Join(append(list, table.Literal(j.in.Load)+" AS _load", table.Literal(j.in.Name)+" AS _file",
		row+" AS _row", at(j.in.LoadedAt)+" AS _loaded_at"), ", ")
}

func conditions(fields []field) string {
	var out []string
	for _, f := range fields {
		if c := f.unfit(); c != "" {
			out = append(out, c)
		}
	}
	return strings.Join(out, " OR ")
}

// unfitMark is raised by the fast path when a value does not fit its column.
const unfitMark = "larder: a value does not fit"

// write reads the FROM item once, straight into the load's Parquet. When a
// value turns out not to fit, it is read again, slowly, to tell which.
func (j *job) write(ctx context.Context, fields []field, from string) (Outcome, error) {
	query := "SELECT " + j.selected(fields, "row_number() OVER ()") + " FROM " + from
	unfit := conditions(fields)
	if unfit != "" {
		query += " WHERE CASE WHEN " + unfit + " THEN error(" + table.Literal(unfitMark) + ") ELSE true END"
	}
	out := Outcome{Columns: columnsOf(fields)}
	var err error
	out.Rows, err = j.copy(ctx, query, j.in.Rows)
	if err != nil && strings.Contains(err.Error(), unfitMark) {
		return j.writeFitting(ctx, fields, from, unfit)
	}
	return out, unreadable(err)
}

// writeFitting writes the rows whose values fit, and the others into a
// temporary table of rejects.
func (j *job) writeFitting(ctx context.Context, fields []field, from, unfit string) (Outcome, error) {
	out := Outcome{Columns: columnsOf(fields)}
	numbered := "(SELECT row_number() OVER () AS larder_row, * FROM " + from + ")"
	var err error
	out.Rows, err = j.copy(ctx, "SELECT "+j.selected(fields, "larder_row")+" FROM "+numbered+" WHERE ("+unfit+") IS NOT TRUE", j.in.Rows)
	if err != nil {
		return out, unreadable(err)
	}
	var parts []string
	for _, f := range fields {
		if c := f.unfit(); c != "" {
			parts = append(parts, "SELECT larder_row + "+strconv.Itoa(j.linesAbove())+" AS line, "+table.Literal(f.Name)+" AS column_name, "+
				table.Literal("not exactly a "+strings.ToLower(f.Type.String())+f.hint())+" AS reason, "+f.written()+" AS text FROM "+numbered+" WHERE "+c)
		}
	}
	j.unfit = true
	_, err = j.conn.ExecContext(ctx, "CREATE OR REPLACE TEMP TABLE "+j.temp("unfit")+" AS "+strings.Join(parts, " UNION ALL "))
	return out, unreadable(err)
}

// written is the value as it stands in the file, as far as the reader keeps it.
func (f field) written() string {
	text := "CAST(" + table.Quote(f.raw) + " AS VARCHAR)"
	if strings.HasPrefix(f.as, "DECIMAL") { // read with more digits than the file has
		return "rtrim(rtrim(" + text + ", '0'), '.')"
	}
	return text
}

func (f field) hint() string {
	if f.format != "" {
		return " written as " + f.format
	}
	return ""
}

// linesAbove is how many lines stand above the first row.
func (j *job) linesAbove() int {
	if j.header() {
		return j.Skip + 1
	}
	return j.Skip
}

func (j *job) temp(what string) string { return fmt.Sprintf("larder_%s_%d", what, j.id) }

func (j *job) copy(ctx context.Context, query, to string) (int64, error) {
	result, err := j.conn.ExecContext(ctx, "COPY ("+query+") TO "+table.Literal(to)+" (FORMAT parquet)")
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

func columnsOf(fields []field) []table.Column {
	var out []table.Column
	for _, f := range fields {
		if !f.skip {
			out = append(out, f.Column)
		}
	}
	return out
}

// quarantine writes the rejects of the FROM items, each of (line, column_name,
// reason, text), and holds the load when there are more than allowed.
func (j *job) quarantine(ctx context.Context, out *Outcome, from ...string) error {
	rejects := "SELECT DISTINCT line, column_name, reason, text FROM (" + j.inSheet(strings.Join(from, " UNION ALL ")) + ")"
	if err := j.conn.QueryRowContext(ctx, "SELECT count(DISTINCT line) FROM ("+rejects+")").Scan(&out.Quarantined); err != nil {
		return unreadable(err)
	}
	if out.Quarantined == 0 {
		return nil
	}
	allowed, err := j.allowed(out.Rows + out.Quarantined)
	if err != nil {
		return err
	}
	if out.Quarantined > allowed && j.drift.Retyped != project.Ignore {
		return j.tooMany(ctx, *out, rejects)
	}
	_, err = j.copy(ctx, "SELECT "+table.Literal(j.in.Load)+" AS _load, "+table.Literal(j.in.Name)+" AS _file, line, column_name, reason, text, "+
		at(j.in.LoadedAt)+" AS _loaded_at FROM ("+rejects+") ORDER BY line, column_name", j.in.Rejects)
	out.Notes = append(out.Notes, fmt.Sprintf("%s: %d of %d rows cannot be read and are in quarantine", j.in.Name, out.Quarantined, out.Rows+out.Quarantined))
	return unreadable(err)
}

// allowed is how many rows may be unreadable.
func (j *job) allowed(rows int64) (int64, error) {
	text := strings.TrimSpace(j.Quarantine.Value)
	if text == "" {
		return 0, nil
	}
	if share, isShare := strings.CutSuffix(text, "%"); isShare {
		percent, err := strconv.ParseFloat(strings.TrimSpace(share), 64)
		if err == nil && percent >= 0 && percent <= 100 {
			return int64(float64(rows) * percent / 100), nil
		}
	} else if count, err := strconv.ParseInt(text, 10, 64); err == nil && count >= 0 {
		return count, nil
	}
	return 0, j.Quarantine.Fault("quarantine is a number of rows or a share of them, not %q", text).WithHint("for instance 10, or 0.1 %%")
}

// tooMany is the fault that holds a load, with the first rows that are wrong.
func (j *job) tooMany(ctx context.Context, out Outcome, rejects string) error {
	found, err := j.conn.QueryContext(ctx, "SELECT line, coalesce(column_name, ''), reason, coalesce(text, '') FROM ("+rejects+") ORDER BY line, column_name LIMIT 3")
	if err != nil {
		return unreadable(err)
	}
	defer found.Close()
	var first []string
	for found.Next() {
		var line int64
		var column, reason, text string
		if err := found.Scan(&line, &column, &reason, &text); err != nil {
			return unreadable(err)
		}
		where := fmt.Sprintf("line %d", line)
		if column != "" {
			where += ", column " + column
		}
		where += ": " + reason
		if !j.personal() {
			where += ": " + strconv.Quote(cut(text, 80))
		}
		first = append(first, where)
	}
	if err := found.Err(); err != nil {
		return unreadable(err)
	}
	return fault.New(fault.Held, "%d of %d rows of %s cannot be read: %s", out.Quarantined, out.Rows+out.Quarantined, j.in.Name, strings.Join(first, "; ")).
		WithHint("mend the file, or let some go to quarantine: quarantine: 0.1 %%")
}

// personal reports whether the table has personal columns: then no text of a
// row is shown, only where it stands.
func (j *job) personal() bool {
	return slices.ContainsFunc(j.columns, func(c column) bool { return c.Personal != "" })
}

func cut(text string, most int) string {
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most]) + "..."
	}
	return text
}
