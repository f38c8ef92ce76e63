package check

import (
	"cmp"
	"context"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/project"
	"github.com/larder-data/larder/internal/state"
)

// Past says which days rules are replayed on: the Days days before the
// subject's AsOf, each as if it had just ended.
type Past struct {
	Days         int
	Rules        []string        // names of the rules to replay; none is all of them
	Over         string          // the column that tells the day of a row; "" finds it
	Arrivals     engine.Relation // all that ever arrived, with _loaded_at; zero when that is not recorded
	Publications []time.Time     // when versions of the dataset were published
}

// Replay is how rules would have gone on past days, by the rows as they are
// now: what was loaded, corrected or deleted since is judged as it is today.
type Replay struct {
	First, Last time.Time  // midnight UTC of the first day and the last
	Over        string     // the column that tells the day of a row; "" when there is none
	Undated     int64      // rows of no day, which no rule was held against
	Rules       []Replayed // in the order of the subject's checks
}

// Replayed is one rule on past days.
type Replayed struct {
	Check       string        `json:"check"`
	Rule        string        `json:"rule"`
	NotReplayed string        `json:"not_replayed,omitempty"` // why not; nothing below is known then
	Hint        string        `json:"hint,omitempty"`
	Over        string        `json:"over,omitempty"` // the column its days are taken from
	Evaluated   int           `json:"evaluated"`      // days with a verdict, learning ones left out
	Warned      int           `json:"warned"`
	Held        int           `json:"held"`
	Rejected    int           `json:"rejected"` // days on which rows would have been set apart, the others published
	Learning    int           `json:"learning"` // days with too little history
	Empty       int           `json:"empty"`    // days without rows
	Days        []ReplayedDay `json:"days"`     // those it would not have passed
}

// ReplayedDay is a day a rule would not have passed.
type ReplayedDay struct {
	Day      string       `json:"day"`               // 2026-03-04
	Status   state.Status `json:"status"`            // warn, block, rejected or error
	Held     bool         `json:"held"`              // nothing would have been published
	Segment  string       `json:"segment,omitempty"` // the worst one, of a segmented rule
	Value    string       `json:"value"`
	Of       int64        `json:"of"` // rows looked at, of a rule that counts failing rows; -1 otherwise
	Expected string       `json:"expected"`
	Message  string       `json:"message"`
}

// replay is a Replay being made.
type replay struct {
	scope
	past     Past
	days     []time.Time
	over     string
	day      string // the day of a row as SQL
	noColumn error  // why over is not known
}

// Replay tells on which of the past days each rule would have warned or held.
// Rules about rows and about the whole look at the rows of each day, deviations
// at the days before, freshness at what had arrived. A rule that cannot be
// replayed says why. Samples are not fetched and nothing is recorded. The error
// is Invalid for a column Over that is no day's, or about the engine.
func (c *Checker) Replay(ctx context.Context, s Subject, past Past) (Replay, error) {
	s.Rows = -1
	r := &replay{scope: newScope(s, c.Capabilities), past: past}
	for back := past.Days; back > 0; back-- {
		r.days = append(r.days, r.today().AddDate(0, 0, -back))
	}
	if r.over, r.noColumn = r.timeColumn(past.Over); r.noColumn != nil && past.Over != "" {
		return Replay{}, r.noColumn
	}
	r.day = dayExpression(engine.Quote(r.over))
	out := Replay{First: r.days[0], Last: r.days[len(r.days)-1], Over: r.over}
	rules, problems := []*dated(nil), []error(nil)
	for _, rule := range r.probes() {
		if len(past.Rules) > 0 && !slices.Contains(past.Rules, rule.check.Name) {
			continue
		}
		d, err := r.dated(ctx, c.History, rule)
		if err != nil && (ctx.Err() != nil || interrupts(err)) {
			return Replay{}, err
		}
		rules, problems = append(rules, d), append(problems, err)
	}
	undated, err := c.measureDays(ctx, r, rules, problems)
	if err != nil {
		return Replay{}, fault.Wrap("replay of "+s.Dataset, err)
	}
	out.Undated = undated
	for i, d := range rules {
		one, err := c.replayed(ctx, r, d, cmp.Or(problems[i], d.got.err))
		if err != nil {
			return Replay{}, err
		}
		out.Rules = append(out.Rules, one)
	}
	return out, nil
}

// measureDays measures all rules that can be, each row once where that is
// possible, and returns how many rows have no day.
func (c *Checker) measureDays(ctx context.Context, r *replay, rules []*dated, problems []error) (int64, error) {
	var probes []*probe
	byDay := false
	for i, d := range rules {
		if problems[i] == nil {
			probes = append(probes, d.probe)
			byDay = byDay || d.byRows
		}
	}
	rows := &probe{check: project.Check{Name: "rows"}, value: "count(*)", by: []segment{{sql: r.day}}, got: measurement{judged: -1}}
	if rows.where = r.datedWhere(""); byDay {
		probes = append(probes, rows)
	}
	group, measuring := errgroup.WithContext(ctx)
	group.SetLimit(c.parallel())
	for _, scan := range arrange(r.scope, probes) {
		group.Go(func() error { return c.measure(measuring, scan) })
	}
	if err := group.Wait(); err != nil {
		return 0, err
	}
	for _, g := range rows.got.groups {
		if g.keys[0] == nil {
			return g.judged, nil
		}
	}
	return 0, rows.got.err
}

// replayed judges a rule on every day.
func (c *Checker) replayed(ctx context.Context, r *replay, d *dated, problem error) (Replayed, error) {
	out := Replayed{Check: d.check.Name, Rule: d.check.Text, Days: []ReplayedDay{}}
	if problem != nil {
		out.NotReplayed, out.Hint = r.reason(problem), fault.HintOf(problem)
		return out, nil
	}
	out.Over = d.over
	d.sort()
	for _, day := range r.days {
		result, err := c.onDay(ctx, r, d, day)
		switch {
		case err != nil:
			return out, err
		case result == nil:
			out.Empty++
		case result.Status == state.Learning:
			out.Learning++
		default:
			out.count(d.check, day, result)
		}
	}
	return out, nil
}

// count enters a day's verdict.
func (out *Replayed) count(rule project.Check, day time.Time, result *dayResult) {
	out.Evaluated++
	if result.Status == state.Pass {
		return
	}
	one := ReplayedDay{
		Day: day.Format(time.DateOnly), Status: result.Status, Held: Blocked([]project.Check{rule}, []state.Result{result.Result}),
		Value: result.Value, Of: result.of, Expected: result.Expected, Message: result.Message,
	}
	if len(result.Segments) > 0 {
		one.Segment = result.Segments[0].Segment
		if rule.Rule.Kind == project.Reconcile {
			one.Expected = result.Segments[0].Expected + " in " + rule.Rule.Other
		}
	}
	switch {
	case one.Held:
		out.Held++
	case result.Status == state.Rejected:
		out.Rejected++
	case result.Status == state.Warn:
		out.Warned++
	}
	out.Days = append(out.Days, one)
}

// sort puts what was measured in the order of days.
func (d *dated) sort() {
	d.groups = slices.DeleteFunc(slices.Clone(d.got.groups), func(g group) bool {
		_, isDay := g.keys[d.dayAt].(time.Time)
		return !isDay
	})
	slices.SortStableFunc(d.groups, func(a, b group) int { return d.dayOf(a).Compare(d.dayOf(b)) })
}

func (d *dated) dayOf(g group) time.Time {
	day, _ := g.keys[d.dayAt].(time.Time)
	return day
}

// between returns what was measured from one day to another, both included.
func (d *dated) between(first, last time.Time) []group {
	at := func(day time.Time) int {
		i, _ := slices.BinarySearchFunc(d.groups, day, func(g group, day time.Time) int { return d.dayOf(g).Compare(day) })
		return i
	}
	return d.groups[at(first):at(last.AddDate(0, 0, 1))]
}
