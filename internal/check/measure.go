package check

import (
	"context"
	"slices"
	"time"

	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/fault"
)

// measure runs one scan and gives its answer to the probes. A statement that
// is refused is divided until the rule at fault is alone; that rule keeps the
// error. The error returned is about the engine or the run.
func (c *Checker) measure(ctx context.Context, sc *scan) error {
	start := c.now()
	rows, err := c.Engine.Query(ctx, sc.sql)
	if err == nil {
		err = sc.read(rows)
	}
	if ctx.Err() != nil {
		return fault.New(fault.Interrupted, "%w", ctx.Err())
	}
	if err != nil && interrupts(err) {
		return err
	}
	if err != nil {
		if singles := sc.apart(); len(singles) > 0 {
			return c.measureAll(ctx, singles)
		}
	}
	sc.note(err, c.now().Sub(start))
	return nil
}

func (c *Checker) measureAll(ctx context.Context, scans []*scan) error {
	for _, sc := range scans {
		if err := c.measure(ctx, sc); err != nil {
			return err
		}
	}
	return nil
}

// note tells the probes what was run for them and whether it failed.
func (sc *scan) note(err error, took time.Duration) {
	for _, p := range sc.probes() {
		p.got.sql, p.got.took, p.got.err = sc.sql, took, err
	}
	if sc.keys > 0 {
		return // the rows judged are counted per segment, by the probe's own scan
	}
	for _, cell := range sc.cells {
		for _, p := range cell.judged {
			p.got.judgedErr = err
		}
	}
}

func (c *Checker) now() time.Time {
	if c.Clock == nil {
		return time.Time{}
	}
	return c.Clock()
}

// read fills the probes from an answer and closes it.
func (sc *scan) read(rows engine.Rows) error {
	defer rows.Close()
	for _, p := range sc.probes() {
		p.got.columns, p.got.groups = rows.Columns(), nil
	}
	many := sc.whole != nil || sc.keys > 0
	count := 0
	for rows.Next() {
		if count++; count > 1 && !many {
			return fault.New(fault.Invalid, "the expression is no aggregate: it has a value for every row")
		}
		sc.fill(rows.Scan())
	}
	if err := rows.Err(); err != nil {
		return err
	}
	if count == 0 && !many {
		return fault.New(fault.Internal, "a measurement returned no row")
	}
	return rows.Close()
}

// fill takes one row.
func (sc *scan) fill(row []any) {
	if sc.whole != nil {
		row = slices.Clone(row)
		sc.whole.got.groups = append(sc.whole.got.groups, group{keys: row[:sc.keys], values: row[sc.keys:], judged: -1})
		return
	}
	if sc.keys == 0 {
		for i, cell := range sc.cells {
			if cell.value != nil {
				cell.value.got.value = row[i]
			}
			for _, p := range cell.judged {
				p.got.judged = whole(row[i])
			}
		}
		return
	}
	keys := slices.Clone(row[:sc.keys])
	judged := whole(row[sc.keys])
	for i, cell := range sc.cells {
		if cell.value != nil {
			g := group{keys: keys, values: []any{row[sc.keys+i]}, judged: judged}
			cell.value.got.groups = append(cell.value.got.groups, g)
		}
	}
}
