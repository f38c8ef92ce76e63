package format

import (
	"bufio"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/project"
	"github.com/larder-data/larder/internal/table"
)

// unfolded is a sheet as a temporary CSV, to be read like any other.
type unfolded struct {
	in    Input
	files []string
	rows  string // FROM item of (line, shift): where the sheet's rows are others than the text's lines; "" when nowhere
}

func (u unfolded) remove() {
	for _, file := range u.files {
		_ = os.Remove(file) // a leftover lies in the temporary folder
	}
}

// unfold writes the table's sheet as CSV: the header and every row that holds
// anything, a line each.
func (r *Reader) unfold(ctx context.Context, in Input) (unfolded, error) {
	out := unfolded{in: in}
	err := r.unfoldInto(ctx, in, &out)
	if err != nil {
		out.remove()
		return out, fault.Wrap(in.Name, err)
	}
	return out, nil
}

func (r *Reader) unfoldInto(ctx context.Context, in Input, out *unfolded) error {
	if strings.HasSuffix(in.Path, ".gz") || strings.HasSuffix(in.Path, ".zst") {
		return fault.New(fault.Held, "a spreadsheet is compressed already; compressed once more it is not read").WithHint("bring the .xlsx itself")
	}
	book, err := openWorkbook(in.Name, in.Path)
	if err != nil {
		return err
	}
	defer book.close()
	chosen, err := book.choose(in.Layout)
	if err != nil {
		return err
	}
	rows, err := book.rows(chosen)
	if err != nil {
		return err
	}
	defer rows.part.Close()
	file, err := r.temporary(out)
	if err != nil {
		return err
	}
	shifts, err := in.Layout.unfoldRows(ctx, rows, file)
	if err != nil {
		return err
	}
	if len(shifts) > 0 {
		if err := r.shifts(out, shifts); err != nil {
			return err
		}
	}
	info, err := os.Stat(file.Name())
	if err != nil {
		return fault.New(fault.OutOfRoom, "%w", err)
	}
	out.in.Path, out.in.Size = file.Name(), info.Size()
	own := &out.in.Layout.Settings
	own.Format.Value, own.Skip = "csv", 0
	own.Sheet, own.HeaderRow = project.Placed[string]{}, project.Placed[int]{}
	return nil
}

func (r *Reader) temporary(out *unfolded) (*os.File, error) {
	file, err := os.CreateTemp(r.options.TempDir, "larder-*.csv")
	if err != nil {
		return nil, fault.New(fault.OutOfRoom, "reading a sheet: %w", err)
	}
	out.files = append(out.files, file.Name())
	return file, nil
}

// shift says that from a line of the text on, a row's number in the sheet is
// so much more than the line's.
type shift struct{ line, by int }

// unfoldRows writes the rows to a file and closes it.
func (l Layout) unfoldRows(ctx context.Context, rows *sheetReader, file *os.File) (shifts []shift, err error) {
	buffered := bufio.NewWriterSize(file, 1<<16)
	text := csv.NewWriter(buffered)
	defer func() {
		text.Flush()
		if e := errors.Join(text.Error(), buffered.Flush(), file.Close()); e != nil && err == nil {
			err = unreadable(e)
		}
	}()
	first, width, line := l.firstRow(), 0, 0
	for {
		if err := ctx.Err(); err != nil {
			return nil, fault.New(fault.Interrupted, "%w", err)
		}
		more, err := rows.next()
		if err != nil {
			return nil, err
		}
		if !more {
			break
		}
		cells := filled(rows.cells)
		if rows.row < first || len(cells) == 0 {
			continue
		}
		if line++; line == 1 {
			if l.header() && rows.row != first {
				return nil, fault.New(fault.Held, "row %d of %s is empty, and should hold the columns' names", first, rows.name).
					WithHint("say in which row they stand: header_row: %d", rows.row)
			}
			if width = len(cells); !l.header() {
				width = max(width, len(l.columns))
			}
		}
		if by := rows.row - line; by != lastShift(shifts) {
			shifts = append(shifts, shift{line, by})
		}
		if err := text.Write(padded(cells, width)); err != nil {
			return nil, unreadable(err)
		}
	}
	return shifts, nil
}

func lastShift(shifts []shift) int {
	if len(shifts) == 0 {
		return 0
	}
	return shifts[len(shifts)-1].by
}

// firstRow is the first row that is read: the header, when there is one.
func (l Layout) firstRow() int {
	if l.HeaderRow.Given() {
		return l.HeaderRow.Value
	}
	return l.Skip + 1
}

// filled returns the cells up to the last that holds something.
func filled(cells []string) []string {
	for len(cells) > 0 && cells[len(cells)-1] == "" {
		cells = cells[:len(cells)-1]
	}
	return cells
}

func padded(cells []string, width int) []string {
	for len(cells) < width {
		cells = append(cells, "")
	}
	return cells
}

// shifts writes where lines and rows differ beside the text.
func (r *Reader) shifts(out *unfolded, shifts []shift) error {
	file, err := r.temporary(out)
	if err != nil {
		return err
	}
	buffered := bufio.NewWriter(file)
	for _, s := range shifts {
		fmt.Fprintf(buffered, "%d,%d\n", s.line, s.by) // the error comes with Flush
	}
	if err := errors.Join(buffered.Flush(), file.Close()); err != nil {
		return unreadable(err)
	}
	out.rows = "read_csv(" + table.Literal(file.Name()) + ", auto_detect = false, header = false, columns = {'line': 'BIGINT', 'shift': 'BIGINT'})"
	return nil
}

// inSheet turns the lines of rejects into the sheet's rows.
func (j *job) inSheet(rejects string) string {
	if j.shifts == "" {
		return rejects
	}
	return "SELECT r.line + coalesce(s.shift, 0) AS line, r.column_name, r.reason, r.text FROM (" + rejects + ") r ASOF LEFT JOIN " + j.shifts + " s ON r.line >= s.line"
}

// fits refuses settings that say nothing of files of a format.
func (l Layout) fits(format string) error {
	type setting struct {
		name  string
		given bool
		where fault.Place
	}
	of := []setting{
		{"sheet", l.Sheet.Given(), l.Sheet.Where},
		{"header_row", l.HeaderRow.Given(), l.HeaderRow.Where},
	}
	if format == "xlsx" {
		of = []setting{
			{"delimiter", l.Delimiter != "", l.Format.Where},
			{"quote", l.Quote != nil, l.Format.Where},
			{"escape", l.Escape != nil, l.Format.Where},
			{"encoding", l.Encoding.Given(), l.Encoding.Where},
			{"decimal", l.Decimal != "", l.Format.Where},
		}
	}
	for _, o := range of {
		if o.given {
			return fault.At(o.where, fault.Invalid, "%s: says nothing of files of format %s", o.name, format).
				WithHint("take it out, or check format:")
		}
	}
	if format == "xlsx" {
		return l.headerFits()
	}
	return nil
}

// headerFits refuses a header row that contradicts the other settings.
func (l Layout) headerFits() error {
	switch row := l.HeaderRow; {
	case row.Given() && l.Skip != 0:
		return row.Fault("header_row and skip say the same: which rows stand above the header").WithHint("keep header_row")
	case row.Given() && !l.header():
		return row.Fault("header_row and header: false exclude each other").WithHint("skip: says how many rows stand above the data")
	case row.Given() && row.Value < 1:
		return row.Fault("header_row: %d is no row of a sheet", row.Value).WithHint("rows count from 1")
	}
	return nil
}
