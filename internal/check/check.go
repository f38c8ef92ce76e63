// Package check turns rules into the fewest scans, and what the scans return
// into verdicts.
//
// A rule becomes a probe (how it is measured), probes are arranged into scans
// (statements), and measurements are held against the rule's limits. What
// follows from a verdict is the build's business; learned expectations are the
// monitor's.
package check

import (
	"context"
	"errors"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/project"
	"github.com/larder-data/larder/internal/state"
	"github.com/larder-data/larder/internal/table"
)

// Subject is what is judged: staged rows, or a published dataset.
type Subject struct {
	Env, Run, Dataset string
	Relation          engine.Relation // queried in place of the dataset
	Rejected          engine.Relation // the rows that were set apart from it; zero when no rule rejects
	Form              engine.Form
	Columns           []table.Column
	Rows              int64 // -1 when not known
	Checks            []project.Check
	Declared          []project.Column          // what the schema rule holds Columns against
	Masks             map[string]project.Column // personal columns, by name, and how samples show them
	// Personal tells which columns of a query over datasets hold personal values,
	// whatever they are called there, and how each is masked. False means that it
	// cannot tell, and so does nil: then such a query's answer is not shown.
	Personal      func(ctx context.Context, sql string) (map[string]project.Column, bool)
	AsOf          time.Time
	TimeZone      *time.Location // nil is UTC; the engine's sessions run in the same zone
	LastPublished time.Time      // for freshness without a column; zero when never
	// Relations finds another dataset as this build sees it; nil knows none.
	Relations func(dataset string) (engine.Relation, []table.Column, bool)
	// Rejects finds the rows set apart from another dataset, where they count when
	// the two are compared; nil knows none.
	Rejects func(dataset string) (engine.Relation, bool)
	// Closed tells the business calendar's closed days (midnight UTC of the day);
	// nil when there is no calendar: a day without rows is then taken for closed.
	Closed func(day time.Time) bool
}

// History gives a check's past values; state.Verdicts is one.
type History interface {
	Values(ctx context.Context, q state.ValuesQuery) ([]state.Value, error)
}

// Checker evaluates rules. Its fields are set before the first use; it may be
// used by several goroutines at once.
type Checker struct {
	Engine       engine.Queryer
	Capabilities engine.Capabilities
	History      History          // nil: deviations that need it are not evaluated
	Parallel     int              // statements at once; 0 takes the engine's own figure
	Clock        func() time.Time // measures how long statements took; nil measures nothing
}

// Check returns one result per rule, in the order of s.Checks. A rule that
// could not be evaluated is a result with status Unevaluated. The error means
// that judging itself broke down: the engine is gone, or ctx ended.
func (c *Checker) Check(ctx context.Context, s Subject) ([]state.Result, error) {
	scope := newScope(s, c.Capabilities)
	probes := scope.probes()
	group, scanning := errgroup.WithContext(ctx)
	group.SetLimit(c.parallel())
	for _, scan := range arrange(scope, probes) {
		group.Go(func() error { return c.measure(scanning, scan) })
	}
	if err := group.Wait(); err != nil {
		return nil, fault.Wrap("checks of "+s.Dataset, err)
	}
	results := make([]state.Result, len(probes))
	for i, p := range probes {
		var err error
		if results[i], err = c.judge(ctx, scope, p); err != nil {
			return nil, fault.Wrap("check "+p.check.Name+" of "+s.Dataset, err)
		}
	}
	return results, nil
}

func (c *Checker) parallel() int {
	if c.Parallel > 0 {
		return c.Parallel
	}
	return max(1, c.Capabilities.Parallel)
}

// Scan is one statement of a plan, for --explain.
type Scan struct {
	SQL    string   `json:"sql"`
	Checks []string `json:"checks"` // names of the checks it measures
	Why    string   `json:"why"`    // why these are measured together, or apart
}

// Plan returns the statements Check would run before it knows any result;
// samples of failing rows are fetched only after a failure. The error lists
// rules that cannot be measured at all.
func Plan(s Subject, capabilities engine.Capabilities) ([]Scan, error) {
	scope := newScope(s, capabilities)
	probes := scope.probes()
	var problems fault.List
	for _, p := range probes {
		if p.problem != nil {
			problems.Add(placed(p.check, p.problem))
		}
	}
	var scans []Scan
	for _, scan := range arrange(scope, probes) {
		scans = append(scans, Scan{SQL: scan.sql, Checks: scan.names(), Why: scan.why})
	}
	return scans, problems.Err()
}

// placed puts an error at the rule it is about.
func placed(c project.Check, err error) *fault.Error {
	out := &fault.Error{Op: "check " + c.Name, Kind: fault.KindOf(err), Where: c.Where, Err: err}
	var e *fault.Error
	if errors.As(err, &e) {
		out.Hint = e.Hint
	}
	return out
}

// Blocked reports whether a result stands in the way of publishing: a rule
// failed its blocking limit, or could not be evaluated and has one.
func Blocked(checks []project.Check, results []state.Result) bool {
	for _, r := range results {
		if r.Status == state.Block || r.Status == state.Unevaluated && couldBlock(checks, r.Check) {
			return true
		}
	}
	return false
}

// couldBlock is true for a check that is not among checks: what is unknown is
// not waved through.
func couldBlock(checks []project.Check, name string) bool {
	for _, c := range checks {
		if c.Name == name {
			return c.Block != nil || c.Reject
		}
	}
	return true
}

// Overall returns the gravest status among results: Block, then Unevaluated,
// Warn, Learning, Pass. No results are a Pass.
func Overall(results []state.Result) state.Status {
	worst := state.Pass
	for _, r := range results {
		if gravity(r.Status) > gravity(worst) {
			worst = r.Status
		}
	}
	return worst
}

func gravity(s state.Status) int {
	switch s {
	case state.Block:
		return 4
	case state.Unevaluated:
		return 3
	case state.Warn, state.Accepted, state.Rejected:
		return 2
	case state.Learning:
		return 1
	default:
		return 0
	}
}
