package check

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/project"
	"github.com/larder-data/larder/internal/table"
)

// unique counts surplus rows: those beyond the first of each key. A row whose
// key columns are all NULL is not judged (that is what required is for); a
// NULL among them equals another NULL.
func (s scope) unique(p *probe) error {
	columns, err := s.columnsOf(p.check.Rule.Columns)
	if err != nil {
		return err
	}
	p.judges = true
	key := strings.Join(columns, ", ")
	known := anyKnown(columns)
	repeated := s.filtered(p.where, known) + " group by " + key + " having count(*) > 1"
	p.alone = "select coalesce(sum(n - 1), 0) as v from (select count(*) as n" + repeated + ") as k"
	p.sample = "select " + key + ", count(*) as \"rows\"" + repeated + fmt.Sprintf(" order by %d desc, ", len(columns)+1) + key
	p.phrase = "repeat an earlier " + strings.Join(p.check.Rule.Columns, ", ")
	return nil
}

func anyKnown(columns []string) string {
	return strings.Join(columns, " is not null or ") + " is not null"
}

// references counts rows whose key is not found in another dataset. A key
// with a NULL in it refers to nothing and is not judged.
func (s scope) references(p *probe) error {
	rule := p.check.Rule
	columns, err := s.columnsOf(rule.Columns)
	if err != nil {
		return err
	}
	relation, otherColumns, ok := s.find(rule.Other)
	if !ok {
		return unknownDataset(rule.Other)
	}
	if len(rule.OtherColumns) != len(columns) {
		return fault.New(fault.Invalid, "%d columns refer to %d of %s", len(columns), len(rule.OtherColumns), rule.Other)
	}
	others := make([]string, len(columns))
	for i := range columns {
		if others[i], _, err = column(rule.Other, otherColumns, rule.OtherColumns[i]); err != nil {
			return err
		}
	}
	orphans := " from (select *" + s.filtered(p.where) + ") as _a where " + orphan("_a.", columns, relation, others)
	p.breaks = orphan(alias(s.Dataset)+".", columns, relation, others)
	p.judges = true
	p.alone, p.orphans = "select count(*) as v"+orphans, orphans
	p.sample = "select " + s.list("_a.") + orphans + s.ordered()
	p.phrase = strings.Join(rule.Columns, ", ") + " is not found in " + rule.Other
	return nil
}

// orphan is true for a row whose key, in columns after the prefix, is not found
// in the others of a relation.
func orphan(prefix string, columns []string, relation engine.Relation, others []string) string {
	var present, equal []string
	for i, c := range columns {
		present = append(present, prefix+c+" is not null")
		equal = append(equal, "_b."+others[i]+" = "+prefix+c)
	}
	return strings.Join(present, " and ") + " and not exists (select 1 from " + relation.String() + " as _b where " +
		strings.Join(equal, " and ") + ")"
}

func unknownDataset(dataset string) error {
	return fault.New(fault.Invalid, "there is no dataset %s", dataset)
}

// query counts the rows a query of the user's own returns.
func (s scope) query(p *probe) error {
	if p.where != "" {
		return fault.New(fault.Invalid, "a query has its own where")
	}
	sql, err := s.sql("the query", p.check.Rule.SQL)
	if err != nil {
		return err
	}
	opening := strings.FieldsFunc(strings.ToLower(sql), func(r rune) bool { return r < 'a' || r > 'z' })
	if len(opening) == 0 || !slices.Contains([]string{"select", "with", "from", "values"}, opening[0]) {
		return fault.New(fault.Invalid, "the query does not begin with select or with")
	}
	p.alone = "select count(*) as v from (" + sql + ") as q"
	p.sample, p.derived = "select * from ("+sql+") as q", true
	return nil
}

// aggregate measures the number of rows or an aggregate of the user's own.
func (s scope) aggregate(p *probe) (err error) {
	rule := p.check.Rule
	if p.by, err = s.segments(rule.By); err != nil {
		return err
	}
	for _, bound := range []string{rule.Min, rule.Max} {
		if _, err := parseNumber(bound); bound != "" && err != nil {
			return err
		}
	}
	p.value, err = s.measured(rule)
	return err
}

// measured is the aggregate a metric or a deviation is about.
func (s scope) measured(rule project.Rule) (string, error) {
	if rule.Kind == project.RowCount || strings.EqualFold(strings.TrimSpace(rule.Expr), "row_count") {
		return "count(*)", nil
	}
	return s.sql("the expression", rule.Expr)
}

// freshness measures the newest value of a column; without a column the time
// of the last publication is known already.
func (s scope) freshness(p *probe) error {
	if p.check.Rule.Within <= 0 {
		return fault.New(fault.Invalid, "freshness needs the longest age allowed")
	}
	if len(p.check.Rule.Columns) == 0 {
		return nil
	}
	quoted, of, err := column(s.Dataset, s.Columns, p.check.Rule.Columns[0])
	if err != nil {
		return err
	}
	if len(s.Columns) > 0 && !of.IsTemporal() {
		return fault.New(fault.Invalid, "%s is %s; freshness needs a date or a timestamp", p.check.Rule.Columns[0], of)
	}
	p.value = "max(" + quoted + ")"
	return nil
}

// deviation measures today's value, or the daily values of the days that the
// column Over tells: the newest complete day that has rows and the days of the
// baseline before it, in one statement.
func (s scope) deviation(p *probe) (err error) {
	rule := p.check.Rule
	if rule.K <= 0 || rule.Days < fewestDays {
		return fault.New(fault.Invalid, "a deviation needs a number of stddev above 0 and at least %d days", fewestDays)
	}
	if p.by, err = s.segments(rule.By); err != nil {
		return err
	}
	value, err := s.measured(rule)
	if err != nil || rule.Over == "" {
		p.value = value
		return err
	}
	quoted, of, err := column(s.Dataset, s.Columns, rule.Over)
	if err != nil {
		return err
	}
	if len(s.Columns) > 0 && !of.IsTemporal() {
		return fault.New(fault.Invalid, "%s is %s; days are taken from a date or a timestamp", rule.Over, of)
	}
	day := dayExpression(quoted)
	complete := fmt.Sprintf("%s < %s", day, dayLiteral(s.today()))
	window := fmt.Sprintf("%s >= (select max(%s)%s) - interval '%d' day", day, day, s.filtered(p.where, complete), rule.Days)
	p.rows = s.daily(p, day, value, complete, window)
	return nil
}

// daily measures a value of each day and segment.
func (s scope) daily(p *probe, day, value string, conditions ...string) string {
	keys := []string{day + " as d"}
	for i, b := range p.by {
		keys = append(keys, fmt.Sprintf("(%s) as k%d", b.sql, i))
	}
	return "select " + strings.Join(keys, ", ") + ", (" + value + ") as v, count(*) as n" +
		s.filtered(append(conditions, p.where)...) + groupBy(len(keys))
}

func dayLiteral(day time.Time) string { return "date '" + day.Format(time.DateOnly) + "'" }

// groupBy groups by the first columns of the select list.
func groupBy(n int) string {
	if n == 0 {
		return ""
	}
	ordinals := make([]string, n)
	for i := range ordinals {
		ordinals[i] = fmt.Sprint(i + 1)
	}
	return " group by " + strings.Join(ordinals, ", ")
}

// reconcile compares two datasets segment by segment. The sides are stacked
// and grouped rather than joined: GROUP BY holds two NULL keys for equal on
// every engine, and a segment missing on one side needs no outer join.
func (s scope) reconcile(p *probe) (err error) {
	rule := p.check.Rule
	if p.by, err = s.segments(rule.By); err != nil {
		return err
	}
	if rule.Tolerance != "" {
		if d, err := parseNumber(rule.Tolerance); err != nil || d.Negative {
			return fault.New(fault.Invalid, "the tolerance %q is not a number from 0", rule.Tolerance)
		}
	}
	relation, columns, ok := s.find(rule.Other)
	if !ok {
		return unknownDataset(rule.Other)
	}
	other := s
	other.source, other.Rejected = s.sourceOf(rule.Other, relation, columns), engine.Relation{}
	other.Dataset, other.Relation, other.Columns, other.Relations = rule.Other, relation, columns, s.find
	otherRule := project.Rule{Expr: rule.OtherExpr, By: rule.OtherBy}
	if rule.OtherExpr == "" {
		otherRule.Expr = rule.Expr
	}
	if len(rule.OtherBy) == 0 {
		otherRule.By = rule.By
	}
	otherWhere, err := s.condition(rule.OtherWhere)
	if err != nil {
		return err
	}
	left, err := s.side(rule, p.where, 0)
	if err != nil {
		return err
	}
	right, err := other.side(otherRule, otherWhere, 1)
	if err != nil {
		return err
	}
	if len(otherRule.By) != len(p.by) {
		return fault.New(fault.Invalid, "%d segments are compared with %d", len(p.by), len(otherRule.By))
	}
	var keys string
	for i := range p.by {
		keys += fmt.Sprintf("k%d, ", i)
	}
	p.sides = "select " + keys + "max(l) as l, max(r) as r, max(a) as a, max(b) as b from (" + left + " union all " + right + ") as u"
	p.rows = p.sides + groupBy(len(p.by)) + " having max(l) is distinct from max(r) or max(a) = 0 or max(b) = 0"
	return nil
}

// side is one half of a reconciliation: keys, the value in its own column,
// and which side it is.
func (s scope) side(rule project.Rule, where string, which int) (string, error) {
	by, err := s.segments(rule.By)
	if err != nil {
		return "", err
	}
	value, err := s.measured(rule)
	if err != nil {
		return "", err
	}
	var keys string
	for i, b := range by {
		keys += fmt.Sprintf("(%s) as k%d, ", b.sql, i)
	}
	cells := "(" + value + ") as l, null as r, 1 as a, 0 as b"
	if which == 1 {
		cells = "null as l, (" + value + ") as r, 0 as a, 1 as b"
	}
	return "select " + keys + cells + s.filtered(where) + groupBy(len(by)), nil
}

// schemaDifferences says where the columns are not as declared; columns that
// are there beside the declared ones are welcome.
func schemaDifferences(declared []project.Column, columns []table.Column) []string {
	var out []string
	for _, d := range declared {
		c, ok := table.Find(columns, d.Name)
		switch {
		case !ok:
			out = append(out, d.Name+" is missing")
		case d.Type != (table.Type{}) && d.Type != c.Type:
			out = append(out, fmt.Sprintf("%s is %s, declared %s", d.Name, c.Type, d.Type))
		}
	}
	return out
}
