package check

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/project"
	"github.com/larder-data/larder/internal/table"
)

// dated is a rule on its way to be judged day by day.
type dated struct {
	*probe          // as it is measured: the day is among the keys
	rule   *probe   // as it is judged on a day
	byRows bool     // it looks at the rows of each day
	over   string   // the column the days are taken from, as a person knows it
	dayAt  int      // which key is the day
	groups []group  // what was measured, sorted by day, rows without a day left out
	past   recorded // of a deviation without a column: what was measured before
}

// timeColumn is the column that tells the day of a dataset's rows: the one
// asked for, else the only date or timestamp it has, else the only one its
// rules name. There is no silent choice between two.
func (s scope) timeColumn(asked string) (string, error) {
	if asked != "" {
		_, of, err := column(s.Dataset, s.Columns, asked)
		if err == nil && !of.IsTemporal() {
			err = fault.New(fault.Invalid, "%s is %s; days are taken from a date or a timestamp", asked, of)
		}
		return asked, err
	}
	var all, named []string
	for _, c := range s.Columns {
		if _, ours := table.Find(engine.Provenance(), c.Name); c.Type.IsTemporal() && !ours {
			all = append(all, c.Name)
		}
	}
	for _, c := range s.Checks {
		for _, name := range append([]string{c.Rule.Over}, c.Rule.Columns...) {
			followed := c.Rule.Kind == project.Deviation || c.Rule.Kind == project.Freshness
			at := slices.IndexFunc(all, func(one string) bool { return strings.EqualFold(one, name) })
			if followed && at >= 0 && !slices.Contains(named, all[at]) {
				named = append(named, all[at])
			}
		}
	}
	switch {
	case len(all) == 1:
		return all[0], nil
	case len(named) == 1:
		return named[0], nil
	case len(all) == 0:
		return "", fault.New(fault.Invalid, "%s has no date or timestamp that tells the day of its rows", s.Dataset)
	default:
		return "", fault.New(fault.Invalid, "%s has several columns that could tell the day of its rows: %s", s.Dataset, strings.Join(all, ", ")).
			WithHint("name one with --over")
	}
}

// dated measures a rule by day instead of once. The error says why that cannot
// be done.
func (r *replay) dated(ctx context.Context, history History, rule *probe) (*dated, error) {
	p := *rule
	d := &dated{probe: &p, rule: rule, over: r.over}
	if rule.problem != nil {
		return d, rule.problem
	}
	switch kind := rule.check.Rule.Kind; {
	case kind == project.Freshness:
		return d, r.arrivals(d)
	case kind == project.Deviation && rule.check.Rule.Over == "":
		return d, r.remembered(ctx, history, d)
	case kind == project.Deviation:
		return d, r.deviation(d)
	case kind == project.Reconcile:
		return d, r.reconciliation(d)
	case kind == project.Query:
		return d, fault.New(fault.Invalid, "a query of your own has no days")
	case kind == project.SchemaRule:
		return d, fault.New(fault.Invalid, "columns are declared once, not by day")
	case r.noColumn != nil:
		return d, r.noColumn
	}
	return d, r.rowsOfDays(d)
}

// rowsOfDays measures a rule on the rows of each day. Everything that looks at
// the same rows shares a scan.
func (r *replay) rowsOfDays(d *dated) error {
	day := segment{sql: r.day, label: r.over}
	switch kind := d.check.Rule.Kind; {
	case kind == project.Unique || kind == project.Duplicates:
		columns, err := r.columnsOf(d.check.Rule.Columns)
		if err != nil {
			return err
		}
		d.rows = r.repeated(d.where, columns)
	case kind == project.References:
		n := r.of(d.probe).filtered(r.within(r.day), d.where)
		d.rows = "select d, sum(v) as v, sum(n) as n from (select " + r.day + " as d, count(*) as v, 0 as n" + d.orphans + " and " +
			r.within(r.day) + groupBy(1) + " union all select " + r.day + ", 0, count(*)" + n + groupBy(1) + ") as u" + groupBy(1)
	case d.failing != "":
		d.value, d.failing, d.where = "count(case when ("+d.failing+") then 1 end)", "", r.datedWhere(d.where)
	default:
		d.where = r.datedWhere(d.where)
	}
	d.by, d.alone, d.byRows = append([]segment{day}, d.by...), "", true
	return nil
}

// datedWhere also lets rows without a day through: they are counted.
func (r *replay) datedWhere(where string) string {
	out := r.within(r.day) + " or " + r.day + " is null"
	if where != "" {
		out = "(" + out + ") and (" + where + ")"
	}
	return out
}

// repeated counts, of each day, the rows whose key stood in an earlier row, be
// it of the same day or of a day before.
func (r *replay) repeated(where string, columns []string) string {
	key := strings.Join(columns, ", ")
	inner := "select " + r.day + " as d, " + key + ", count(*) as n, min(" + r.day + ") over (partition by " + key + ") as first_d" +
		r.filtered(where, r.day+" < "+dayLiteral(r.end())) + " group by " + key + ", " + r.day
	return "select d, sum(case when not (" + anyKnown(columns) + ") then 0 when d = first_d then n - 1 else n end) as v, sum(n) as n from (" +
		inner + ") as u where d >= " + dayLiteral(r.days[0]) + groupBy(1)
}

// arrivals follows what freshness looks at: when versions were published, or
// for a column, what had arrived by the end of each day.
func (r *replay) arrivals(d *dated) error {
	if d.over = ""; len(d.check.Rule.Columns) == 0 {
		if len(r.past.Publications) == 0 {
			return fault.New(fault.Invalid, "no publication of %s is recorded", r.Dataset)
		}
		return nil
	}
	if r.past.Arrivals == (engine.Relation{}) {
		return fault.New(fault.Invalid, "when the rows of %s arrived is not recorded, only what they hold", r.Dataset).
			WithHint("the tables of the lake know when")
	}
	d.over = "_loaded_at"
	arrived := r.scope
	arrived.Relation = r.past.Arrivals
	day := dayExpression(engine.Quote(d.over))
	d.rows = "select " + day + " as d, " + d.value + " as v" + arrived.filtered(d.where, day+" < "+dayLiteral(r.end())) + groupBy(1)
	d.value, d.by = "", []segment{{sql: day}}
	return nil
}

// deviation measures the values of the days and of all they are held against.
func (r *replay) deviation(d *dated) error {
	value, err := r.measured(d.check.Rule)
	if err != nil {
		return err
	}
	quoted, _, err := column(r.Dataset, r.Columns, d.check.Rule.Over)
	if err != nil {
		return err
	}
	day := dayExpression(quoted)
	first := r.days[0].AddDate(0, 0, -d.check.Rule.Days)
	d.rows = r.daily(d.probe, day, value, fmt.Sprintf("%s >= %s and %s < %s", day, dayLiteral(first), day, dayLiteral(r.end())))
	d.over = d.check.Rule.Over
	return nil
}

// reconciliation compares the days of both sides: one of its segments has to
// be the day.
func (r *replay) reconciliation(d *dated) error {
	d.dayAt = slices.IndexFunc(d.by, func(b segment) bool { return b.day })
	if d.dayAt < 0 {
		return fault.New(fault.Invalid, "it compares no days with each other").WithHint("add a day to its segments: by day(...)")
	}
	d.over = d.by[d.dayAt].label
	d.rows = d.sides + " where " + r.within(fmt.Sprintf("k%d", d.dayAt)) + groupBy(len(d.by))
	return nil
}

// within is true on the days that are replayed.
func (r *replay) within(day string) string {
	return fmt.Sprintf("%s >= %s and %s < %s", day, dayLiteral(r.days[0]), day, dayLiteral(r.end()))
}

// end is the day after the last.
func (r *replay) end() time.Time { return r.days[len(r.days)-1].AddDate(0, 0, 1) }
