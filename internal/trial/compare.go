package trial

import (
	"context"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/project"
	"github.com/larder-data/larder/internal/table"
)

// DiffKind says how an answer differs.
type DiffKind string

// The kinds of differences.
const (
	Missing    DiffKind = "missing"    // a row that was expected is not there
	Unexpected DiffKind = "unexpected" // a row is there that was not expected
	Changed    DiffKind = "changed"    // a row is there with other values
	Count      DiffKind = "count"      // another number of rows
)

// Diff is one row that is not as expected, or the number of rows. NULL is
// written NULL.
type Diff struct {
	Kind  DiffKind    `json:"kind"`
	Where fault.Place `json:"where"` // of the expected row, when it is written out
	Cells []Cell      `json:"cells"`
}

// Cell is one value of a Diff. Of a row that is missing only Want is set, of an
// unexpected one only Got.
type Cell struct {
	Column string `json:"column"`
	Want   string `json:"want"`
	Got    string `json:"got"`
	Wrong  bool   `json:"wrong"`
}

// line is a row as text to be compared, with the place it is written at.
type line struct {
	values []any
	texts  []string
	where  fault.Place
}

// compare holds the answer against what the test expects.
func (s *stage) compare(ctx context.Context, answer table.Batch, o *Outcome) error {
	expect := s.test.Expect
	if n := int64(len(answer.Rows)); expect.RowCount != nil && *expect.RowCount != n {
		o.Diffs = append(o.Diffs, Diff{Kind: Count, Where: expect.Where, Cells: []Cell{
			{Column: "rows", Want: strconv.FormatInt(*expect.RowCount, 10), Got: strconv.FormatInt(n, 10), Wrong: true},
		}})
	}
	if expect.Rows == nil {
		return nil
	}
	columns, err := s.named(ctx, *expect.Rows, answer.Columns)
	if err != nil {
		return err
	}
	sql, err := s.fixture(ctx, *expect.Rows, columns)
	if err != nil {
		return err
	}
	wanted, err := engine.ReadAll(ctx, s.engine, sql, 0)
	if err != nil {
		return s.misfit(ctx, expect.Rows.Rows, columns, fault.Wrap("expected rows", err))
	}
	want := lines(wanted, columns, expect.Rows.Rows)
	got := lines(only(answer, columns), columns, nil)
	if expect.Ordered {
		o.Diffs = append(o.Diffs, inOrder(columns, want, got)...)
	} else {
		o.Diffs = append(o.Diffs, inAnyOrder(columns, s.runner.Grain[s.test.Model], want, got)...)
	}
	return nil
}

// named are the columns of the answer the expected rows speak of; those they
// leave out are not judged.
func (s *stage) named(ctx context.Context, f project.Fixture, answer []table.Column) ([]table.Column, error) {
	var names []string
	where := map[string]fault.Place{}
	if f.Query == "" && f.CSV == "" {
		for _, row := range f.Rows {
			for _, cell := range row.Cells {
				if !slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, cell.Column) }) {
					names, where[cell.Column] = append(names, cell.Column), cell.Where
				}
			}
		}
		if len(f.Rows) == 0 {
			return answer, nil
		}
	} else {
		from := "(" + f.Query + "\n)"
		if f.CSV != "" {
			from = "read_csv(" + table.Literal(f.CSV) + ", header = true, all_varchar = true)"
		}
		rows, err := s.engine.Query(ctx, "SELECT * FROM "+from+" AS expected LIMIT 0")
		if err != nil {
			return nil, &fault.Error{Kind: fault.KindOf(err), Where: f.Where, Err: err}
		}
		names = table.Names(rows.Columns())
		if err := rows.Close(); err != nil {
			return nil, err
		}
	}
	var out []table.Column
	for _, c := range answer {
		if slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, c.Name) }) {
			out = append(out, c)
		}
	}
	for _, name := range names {
		if _, ok := table.Find(answer, name); !ok {
			place := where[name]
			if place.IsZero() {
				place = f.Where
			}
			return nil, unknownColumn(name, answer, place)
		}
	}
	return out, nil
}

// only keeps some of a batch's columns.
func only(b table.Batch, columns []table.Column) table.Batch {
	at := make([]int, len(columns))
	for i, c := range columns {
		at[i] = indexOf(b.Columns, c.Name)
	}
	out := table.Batch{Columns: columns, Rows: make([][]any, len(b.Rows))}
	for i, row := range b.Rows {
		out.Rows[i] = make([]any, len(at))
		for j, from := range at {
			out.Rows[i][j] = row[from]
		}
	}
	return out
}

func lines(b table.Batch, columns []table.Column, written []project.FixtureRow) []line {
	out := make([]line, len(b.Rows))
	for i, row := range b.Rows {
		out[i] = line{values: row, texts: make([]string, len(row))}
		for j, v := range row {
			out[i].texts[j] = "NULL"
			if v != nil {
				out[i].texts[j] = table.Format(v, columns[j].Type)
			}
		}
		if i < len(written) {
			out[i].where = written[i].Where
		}
	}
	return out
}

// same reports whether two values are one: exactly, floats to 1e-9 of their size.
func same(a, b any, x, y string) bool {
	f, isFloat := a.(float64)
	g, too := b.(float64)
	if isFloat && too && !math.IsInf(f, 0) && !math.IsInf(g, 0) {
		return f == g || math.IsNaN(f) && math.IsNaN(g) || math.Abs(f-g) <= 1e-9*max(1, math.Abs(f), math.Abs(g))
	}
	return (a == nil) == (b == nil) && x == y
}

// alike counts the cells two rows agree on.
func alike(a, b line) int {
	n := 0
	for i := range a.values {
		if same(a.values[i], b.values[i], a.texts[i], b.texts[i]) {
			n++
		}
	}
	return n
}

func inOrder(columns []table.Column, want, got []line) []Diff {
	var out []Diff
	for i := range max(len(want), len(got)) {
		switch {
		case i >= len(want):
			out = append(out, alone(Unexpected, columns, got[i]))
		case i >= len(got):
			out = append(out, alone(Missing, columns, want[i]))
		case alike(want[i], got[i]) < len(columns):
			out = append(out, between(columns, want[i], got[i]))
		}
	}
	return out
}

// inAnyOrder pairs equal rows first; of the rest those with the same grain,
// then, where there is no grain among the columns, those most alike.
func inAnyOrder(columns []table.Column, grain []string, want, got []line) []Diff {
	free := slices.Clone(got)
	take := func(best func(line) int, from int) (line, bool) {
		at, most := -1, from
		for i, g := range free {
			if n := best(g); n > most {
				at, most = i, n
			}
		}
		if at < 0 {
			return line{}, false
		}
		found := free[at]
		free = slices.Delete(free, at, at+1)
		return found, true
	}
	var left []line
	for _, w := range want {
		if _, ok := take(func(g line) int { return alike(w, g) }, len(columns)-1); !ok {
			left = append(left, w)
		}
	}
	keys := grainOf(columns, grain)
	var out []Diff
	for _, w := range left {
		g, ok := take(func(g line) int {
			for _, k := range keys {
				if !same(w.values[k], g.values[k], w.texts[k], g.texts[k]) {
					return 0
				}
			}
			return alike(w, g)
		}, 0)
		if ok {
			out = append(out, between(columns, w, g))
		} else {
			out = append(out, alone(Missing, columns, w))
		}
	}
	for _, g := range free {
		out = append(out, alone(Unexpected, columns, g))
	}
	return out
}

// grainOf returns where the grain's columns stand, none when one is not judged.
func grainOf(columns []table.Column, grain []string) []int {
	var at []int
	for _, name := range grain {
		i := indexOf(columns, name)
		if i < 0 {
			return nil
		}
		at = append(at, i)
	}
	return at
}

func alone(kind DiffKind, columns []table.Column, l line) Diff {
	d := Diff{Kind: kind, Where: l.where}
	for i, c := range columns {
		cell := Cell{Column: c.Name, Wrong: true}
		if kind == Missing {
			cell.Want = l.texts[i]
		} else {
			cell.Got = l.texts[i]
		}
		d.Cells = append(d.Cells, cell)
	}
	return d
}

func between(columns []table.Column, want, got line) Diff {
	d := Diff{Kind: Changed, Where: want.where}
	for i, c := range columns {
		d.Cells = append(d.Cells, Cell{
			Column: c.Name, Want: want.texts[i], Got: got.texts[i],
			Wrong: !same(want.values[i], got.values[i], want.texts[i], got.texts[i]),
		})
	}
	return d
}
