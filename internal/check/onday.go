package check

import (
	"context"
	"time"

	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/project"
	"github.com/larder-data/larder/internal/state"
)

// dayResult is a rule's verdict on a day.
type dayResult struct {
	state.Result
	of int64 // rows looked at, of a rule that counts failing rows; -1 otherwise
}

// onDay judges a rule as if a day had just ended; nil means that there is
// nothing to judge: the day has no rows.
func (c *Checker) onDay(ctx context.Context, r *replay, d *dated, day time.Time) (*dayResult, error) {
	ended := r.scope
	year, month, date := day.Date()
	ended.AsOf = time.Date(year, month, date+1, 0, 0, 0, 0, r.zone)
	rule := d.check.Rule
	if rule.Kind == project.Deviation {
		return d.deviated(ended, day), nil
	}
	p := *d.rule
	p.sample, p.got = "", d.got
	switch {
	case rule.Kind == project.Freshness && len(rule.Columns) == 0:
		ended.LastPublished = r.past.lastPublished(ended.AsOf)
	case rule.Kind == project.Freshness:
		if p.got.value = d.newest(day); p.got.value == nil {
			return nil, nil
		}
	default:
		groups := d.between(day, day)
		if len(groups) == 0 {
			return nil, nil
		}
		p.got.take(groups, d.byRows)
	}
	out, err := dayResult{of: -1}, error(nil)
	if p.judges {
		out.of = p.got.judged
	}
	out.Result, err = c.judge(ctx, ended, &p)
	return &out, err
}

// take is a day's share of what was measured by day, as if it had been
// measured on that day alone.
func (m *measurement) take(groups []group, dayFirst bool) {
	m.groups = groups
	if !dayFirst {
		return
	}
	m.groups, m.columns = nil, m.columns[1:]
	for _, g := range groups {
		m.groups = append(m.groups, group{keys: g.keys[1:], values: g.values, judged: g.judged})
	}
	m.value, m.judged = groups[0].values[0], groups[0].judged
	if len(groups[0].values) > 1 { // counted beside the failing rows
		m.judged = whole(groups[0].values[1])
	}
}

// newest is the greatest value that had arrived by the end of a day; nil when
// none had.
func (d *dated) newest(day time.Time) any {
	var newest time.Time
	for _, g := range d.between(time.Time{}, day) {
		if at, ok := g.values[0].(time.Time); ok && at.After(newest) {
			newest = at
		}
	}
	if newest.IsZero() {
		return nil
	}
	return newest
}

func (p Past) lastPublished(before time.Time) (last time.Time) {
	for _, at := range p.Publications {
		if at.Before(before) && at.After(last) {
			last = at
		}
	}
	return last
}

// recorded is what a check measured before, oldest first.
type recorded []state.Value

// remembered fetches what a deviation without a column is held against: its
// own earlier results.
func (r *replay) remembered(ctx context.Context, history History, d *dated) error {
	d.probe = &probe{check: d.check}
	d.over = ""
	if history != nil {
		var err error
		first := r.days[0].AddDate(0, 0, -d.check.Rule.Days)
		d.past, err = history.Values(ctx, state.ValuesQuery{
			Env: r.Env, Dataset: r.Dataset, Check: d.check.Name, PublishedOnly: true,
			Since:  time.Date(first.Year(), first.Month(), first.Day(), 0, 0, 0, 0, r.zone),
			Before: time.Date(r.end().Year(), r.end().Month(), r.end().Day(), 0, 0, 0, 0, r.zone),
		})
		if err != nil {
			return err
		}
	}
	if len(d.past) == 0 {
		return fault.New(fault.Invalid, "it is held against its own earlier results, and none is recorded").
			WithHint("take the days from a column: ... over a_date_column within ...")
	}
	return nil
}

// on returns the series of a day: what was measured last on it is tested
// against the days before.
func (values recorded) on(s scope, day time.Time, days int) (all []*series, found bool) {
	bySegment := map[string]*series{}
	var past recorded
	var at time.Time
	first := day.AddDate(0, 0, -days)
	for _, v := range values {
		switch on := dayOf(v.At, s.zone); {
		case on.Before(day) && !on.Before(first):
			past = append(past, v)
		case on.Equal(day):
			if v.At.After(at) {
				clear(bySegment)
				at = v.At
			}
			if tested, err := number(v.Number); err == nil {
				bySegment[v.Segment] = &series{segment: v.Segment, tested: tested}
			}
		}
	}
	found = len(bySegment) > 0
	s.remember(bySegment, past)
	return sorted(bySegment), found
}

// deviated judges a deviation on a day by the days before it; nil when there is
// nothing to test.
func (d *dated) deviated(s scope, day time.Time) *dayResult {
	r := &dayResult{Result: state.Result{Dataset: s.Dataset, Check: d.check.Name, Rule: d.check.Text, At: s.AsOf}, of: -1}
	rule := d.check.Rule
	var all []*series
	tested := false
	if rule.Over == "" {
		all, tested = d.past.on(s, day, rule.Days)
	} else {
		p := *d.rule
		p.got = d.got
		p.got.groups = d.between(day.AddDate(0, 0, -rule.Days), day)
		newest, found, err := s.seriesOver(&p)
		if err != nil {
			r.Status, r.Message = state.Unevaluated, "could not be evaluated: "+s.reason(err)
			return r
		}
		all, tested = found, newest.Equal(day)
	}
	if !tested {
		return nil
	}
	markRegular(all, day, rule.Days)
	s.judgeSeries(d.rule, &r.Result, day, all)
	return r
}
