package check

import (
	"cmp"
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/cockroachdb/apd/v3"

	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/project"
	"github.com/larder-data/larder/internal/state"
	"github.com/larder-data/larder/internal/table"
)

const mostSegments = 100 // failing segments kept in a result

// judge turns a measurement into a result. The error is about the engine or
// the run.
func (c *Checker) judge(ctx context.Context, s scope, p *probe) (state.Result, error) {
	r := state.Result{
		Env: s.Env, Run: s.Run, Dataset: s.Dataset, Check: p.check.Name, Rule: p.check.Text, At: s.AsOf,
		SQL: p.got.sql, Took: p.got.took,
	}
	var err error
	switch {
	case p.problem != nil:
		err = p.problem
	case p.got.err != nil:
		err = p.got.err
	case p.judges && p.got.judgedErr != nil:
		err = p.got.judgedErr
	default:
		err = c.evaluate(ctx, s, p, &r)
	}
	if err != nil && (ctx.Err() != nil || interrupts(err)) {
		return r, err
	}
	if err != nil {
		r.Status, r.Message = state.Unevaluated, "could not be evaluated: "+s.reason(err)
		return r, nil
	}
	if p.sample != "" && (r.Status == state.Warn || r.Status == state.Block || r.Status == state.Rejected) {
		err = c.fetchSample(ctx, s, p, &r)
	}
	return r, err
}

// evaluate judges by kind of rule. What an absent value means:
//
//	counts of rows are never NULL: no rows, no failing rows
//	an aggregate over no rows, or over NULLs only, has no value: not evaluated
//	segments of an empty table: there are none, so none fails
//	freshness by a column of no rows: not evaluated
//	freshness of what was never published: learning
//	a deviation without a value to test: learning
//	reconciliation of nothing with nothing: equal
func (c *Checker) evaluate(ctx context.Context, s scope, p *probe, r *state.Result) error {
	switch p.check.Rule.Kind {
	case project.RowCount, project.Metric:
		if len(p.by) > 0 {
			return s.segmentedMetric(p, r)
		}
		return s.metric(p, r)
	case project.Freshness:
		return s.age(p, r)
	case project.SchemaRule:
		differences := schemaDifferences(s.Declared, s.Columns)
		r.Value = fmt.Sprint(len(differences))
		r.Message = "the columns are as declared"
		if len(differences) > 0 {
			r.Message = strings.Join(differences, "; ")
		}
		broken(p, r, int64(len(differences)))
		return nil
	case project.Deviation:
		return c.deviates(ctx, s, p, r)
	case project.Reconcile:
		return s.reconciled(ctx, p, r)
	default:
		return counted(p, r)
	}
}

// counted judges a number of failing rows.
func counted(p *probe, r *state.Result) error {
	failing, err := number(p.got.value)
	if err != nil {
		return err
	}
	status, limit, _ := verdict(p.check, failing, p.got.judged)
	r.Status, r.Expected, r.Value, r.Failing = status, expected(limit), failing.Text('f'), whole(failing)
	of := ""
	if p.got.judged >= 0 {
		of = " of " + peopleInt(p.got.judged)
	}
	switch p.check.Rule.Kind {
	case project.Query:
		r.Message = fmt.Sprintf("the query returns %s", rowsWord(r.Failing))
	case project.Unique, project.Duplicates, project.RowRule:
		r.Message = fmt.Sprintf("%s%s rows %s", peopleInt(r.Failing), of, p.phrase)
	default:
		r.Message = fmt.Sprintf("%s in %s%s rows", p.phrase, peopleInt(r.Failing), of)
	}
	switch {
	case status == state.Rejected:
		r.Message += ", set apart in " + engine.RejectsOf(engine.ParseRelation(p.check.Dataset)).Dataset()
	case status != state.Pass && limit != nil && (limit.Share || limit.Value != "0"):
		r.Message += ", expected " + r.Expected
	}
	return nil
}

func rowsWord(n int64) string {
	if n == 1 {
		return "1 row"
	}
	return peopleInt(n) + " rows"
}

// broken judges a rule that is kept (0) or broken (so many times).
func broken(p *probe, r *state.Result, times int64) {
	var limit *project.Limit
	r.Failing = times
	r.Status, limit, _ = verdict(p.check, apd.New(times, 0), p.got.judged)
	if r.Expected == "" {
		r.Expected = expected(limit)
	}
}

// bounded turns a value with own bounds into 0 (inside) or 1.
func bounded(rule project.Rule, value *apd.Decimal) *apd.Decimal {
	if rule.Min == "" && rule.Max == "" {
		return value
	}
	low, lowErr := parseNumber(rule.Min)
	high, highErr := parseNumber(rule.Max)
	if lowErr == nil && value.Cmp(low) < 0 || highErr == nil && value.Cmp(high) > 0 {
		return apd.New(1, 0)
	}
	return apd.New(0, 0)
}

func metricExpected(c project.Check, limit *project.Limit) string {
	if c.Rule.Min != "" || c.Rule.Max != "" {
		return between(grouped(c.Rule.Min), grouped(c.Rule.Max))
	}
	return expected(limit)
}

func metricName(c project.Check) string {
	if c.Rule.Kind == project.RowCount {
		return "row_count"
	}
	return spaced(c.Rule.Expr)
}

// metric judges one value.
func (s scope) metric(p *probe, r *state.Result) error {
	if p.got.value == nil {
		return noValue(metricName(p.check))
	}
	value, err := number(p.got.value)
	if err != nil {
		return fmt.Errorf("%s: %w", metricName(p.check), err)
	}
	status, limit, _ := verdict(p.check, bounded(p.check.Rule, value), p.got.judged)
	r.Status, r.Value, r.Expected = status, value.Text('f'), metricExpected(p.check, limit)
	shown := people(value)
	if s.reveals(p.check.Rule.Expr) {
		r.Value, shown = redacted, redacted
	}
	r.Message = fmt.Sprintf("%s is %s", metricName(p.check), shown)
	if status != state.Pass {
		r.Failing = 1
		r.Message += ", expected " + r.Expected
	}
	return nil
}

func noValue(what string) error {
	return fault.New(fault.Invalid, "%s has no value: there is nothing to aggregate", what)
}

// segmentedMetric judges every segment by itself. A segment without a value
// leaves the rule not evaluated.
func (s scope) segmentedMetric(p *probe, r *state.Result) error {
	type judged struct {
		state.SegmentResult
		by *apd.Decimal
	}
	var all []judged
	hidden := s.reveals(p.check.Rule.Expr)
	for _, g := range p.got.groups {
		label := s.label(p, g.keys, 0)
		if g.values[0] == nil {
			return noValue(metricName(p.check) + " for " + label)
		}
		value, err := number(g.values[0])
		if err != nil {
			return fmt.Errorf("%s for %s: %w", metricName(p.check), label, err)
		}
		status, limit, by := verdict(p.check, bounded(p.check.Rule, value), g.judged)
		one := state.SegmentResult{
			Segment: label, Number: float(value), Value: value.Text('f'),
			Expected: metricExpected(p.check, limit), Status: status,
		}
		if hidden {
			one.Number, one.Value = 0, redacted
		}
		all = append(all, judged{one, by})
		if status != state.Pass {
			r.Failing++
		}
	}
	slices.SortFunc(all, func(a, b judged) int {
		return cmp.Or(gravity(b.Status)-gravity(a.Status), b.by.Cmp(a.by), cmp.Compare(a.Segment, b.Segment))
	})
	r.Status = state.Pass
	r.Message = fmt.Sprintf("%s is as expected in %s segments", metricName(p.check), peopleInt(int64(len(all))))
	if len(all) == 0 {
		return nil
	}
	worst := all[0]
	r.Status, r.Value, r.Expected = worst.Status, worst.Value, worst.Expected
	if worst.Status != state.Pass {
		r.Message = fmt.Sprintf("%s for %s is %s, expected %s%s", metricName(p.check), worst.Segment,
			grouped(worst.Value), worst.Expected, others(r.Failing, len(all)))
	}
	for _, j := range all[:min(int64(len(all)), r.Failing, mostSegments)] {
		r.Segments = append(r.Segments, j.SegmentResult)
	}
	return nil
}

func others(failing int64, of int) string {
	if failing < 2 {
		return ""
	}
	return fmt.Sprintf(" (%s of %s segments fail)", peopleInt(failing), peopleInt(int64(of)))
}

// label names a segment: country = 'France', day(sold_at) = 2011-03-01. Keys
// that read personal columns are hashed. The first skip keys are no segment.
func (s scope) label(p *probe, keys []any, skip int) string {
	var parts []string
	for i, b := range p.by {
		var of table.Type
		if skip+i < len(p.got.columns) {
			of = p.got.columns[skip+i].Type
		}
		key := keys[skip+i]
		switch shown := table.Format(key, of); {
		case key == nil:
			parts = append(parts, b.label+" is empty")
		case b.personal:
			parts = append(parts, b.label+" = "+Hashed(shown))
		case of.Kind == table.Varchar:
			parts = append(parts, b.label+" = "+engine.Literal(shown))
		default:
			parts = append(parts, b.label+" = "+shown)
		}
	}
	return strings.Join(parts, ", ")
}

var quotedText = regexp.MustCompile(`(?s)'[^']*'|"[^"]*"|\bvalue [^ ]+`)

// reason is an error in one line. Engines quote the value they choked on:
// with personal columns about, quoted text that is no column's name is hidden.
func (s scope) reason(err error) string {
	message, _, _ := strings.Cut(err.Error(), "\n")
	if len(s.Masks) == 0 {
		return message
	}
	return quotedText.ReplaceAllStringFunc(message, func(q string) string {
		if strings.HasPrefix(q, "value ") {
			return "value " + redacted
		}
		if _, known := table.Find(s.Columns, q[1:len(q)-1]); known {
			return q
		}
		return q[:1] + redacted + q[:1]
	})
}
