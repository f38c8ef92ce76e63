// Package state says what Larder remembers: the ledger (what was built from
// what), the journal of runs, and the history of check results.
//
// Adapters (state/sqlite) keep it and are held to the contract by one suite
// (state/statetest). Deciding what the memory means for the next run is the
// build package's business.
package state

import (
	"context"
	"encoding/json"
	"time"

	"github.com/larder-data/larder/internal/table"
)

// Ledger remembers what was built from what. Entries are never changed after
// they are published, only followed by newer ones.
type Ledger interface {
	// Intend records that a build is about to publish and returns the entry with
	// its Version and Fence set, State Intended. Each is one more than any before
	// (per environment and dataset) and than what e holds: a warehouse may have
	// seen higher numbers than a ledger that was lost.
	Intend(ctx context.Context, e Entry) (Entry, error)
	// Settle moves an entry on: Intended to Published or Failed, Published to
	// Lost. Any other move is a Conflict and changes nothing. Rows, Took and
	// Columns of e are stored with it.
	Settle(ctx context.Context, e Entry, state EntryState, note string) error
	// Recheck records that a published entry passed newer rules.
	Recheck(ctx context.Context, e Entry, checkVersion string) error
	// Current returns the newest published entry of every dataset and interval
	// in the environment, by dataset.
	Current(ctx context.Context, env string) ([]Entry, error)
	// Intended returns the entries a stopped process left open.
	Intended(ctx context.Context, env string) ([]Entry, error)
	// Entry returns one entry; NotFound when there is none.
	Entry(ctx context.Context, env, dataset string, version int64) (Entry, error)
}

// EntryState says how far a ledger entry came.
type EntryState string

// The states of an entry.
const (
	Intended  EntryState = "intended"  // staged and checked; the publish may or may not have happened
	Published EntryState = "published" // readers see it, or saw it until a newer one
	Failed    EntryState = "failed"    // the publish did not happen
	Lost      EntryState = "lost"      // it was published, but the warehouse no longer has it
)

// Entry is one line of the ledger: a dataset (or an interval of it) at a version.
type Entry struct {
	Env     string     `json:"env"`
	Dataset string     `json:"dataset"`
	Version int64      `json:"version"`
	Fence   int64      `json:"fence"`
	From    time.Time  `json:"from"` // the interval built, [From, To); zero for all of it
	To      time.Time  `json:"to"`
	Run     string     `json:"run"`
	State   EntryState `json:"state"`
	At      time.Time  `json:"at"` // when it was settled

	DataVersion  string                    `json:"data_version"`  // fingerprint of the SQL's meaning, build settings and variables used
	CheckVersion string                    `json:"check_version"` // fingerprint of the checks it passed
	Engine       string                    `json:"engine"`        // name and version of what bound the SQL
	SQL          string                    `json:"sql"`           // the model's text, to bind again after an engine upgrade
	Upstream     map[string][]table.Column `json:"upstream"`      // the columns it was bound against
	Inputs       []Input                   `json:"inputs"`        // the versions it was built from
	Columns      []table.Column            `json:"columns"`
	Rows         int64                     `json:"rows"`               // -1 when not counted
	Rejected     *int64                    `json:"rejected,omitempty"` // rows set apart beside them; nil when no rule rejects
	Took         time.Duration             `json:"took_ns"`
	Restores     int64                     `json:"restores,omitempty"` // the earlier version whose rows it has; 0 when they were computed
	Note         string                    `json:"note,omitempty"`
}

// Input is one dataset an entry was built from, at the version read.
type Input struct {
	Dataset string `json:"dataset"`
	Version int64  `json:"version"`
	Env     string `json:"env,omitempty"` // whose version it is, when not the entry's own environment's
}

// Journal remembers runs, their steps and attempts.
type Journal interface {
	StartRun(ctx context.Context, r Run) error
	FinishRun(ctx context.Context, r Run) error
	// SaveStep inserts the step or replaces it (key: Run, Dataset, Action).
	SaveStep(ctx context.Context, s Step) error
	// Runs returns the newest runs first, at most limit (0: all).
	Runs(ctx context.Context, env string, limit int) ([]Run, error)
	// Steps returns a run's steps in the order they started.
	Steps(ctx context.Context, run string) ([]Step, error)
	// LatestSteps returns each dataset's newest step over all runs of the
	// environment, by dataset. Actions "check" and "rollback" are left out: they
	// say nothing about the newest rows.
	LatestSteps(ctx context.Context, env string) (map[string]Step, error)
	// SaveSteps is SaveStep for many in one transaction: a run writes its whole
	// plan down (Outcome Running, Started zero) before it begins.
	SaveSteps(ctx context.Context, steps []Step) error
}

// Outcome says how a run or a step ended.
type Outcome string

// The outcomes.
const (
	Running     Outcome = "running"
	Done        Outcome = "done"        // a run: everything planned is published; a step: published or nothing to do
	HeldBack    Outcome = "held"        // a blocking check failed here
	Blocked     Outcome = "blocked"     // something upstream is held or failed
	Errored     Outcome = "failed"      // it could not be computed, checked or published
	Interrupted Outcome = "interrupted" // asked to stop, or the process died
)

// Run is one execution of a plan.
type Run struct {
	ID       string    `json:"id"` // sortable by time
	Env      string    `json:"env"`
	Command  string    `json:"command"`
	AsOf     time.Time `json:"as_of"` // $now
	Started  time.Time `json:"started"`
	Finished time.Time `json:"finished"`
	Outcome  Outcome   `json:"outcome"`
	Error    string    `json:"error,omitempty"`
	Process  string    `json:"process"` // host and pid, to tell a dead run from a live one
	Larder   string    `json:"larder"`  // program version
}

// Step is what one run did to one dataset.
type Step struct {
	Run      string          `json:"run"`
	Dataset  string          `json:"dataset"`
	Action   string          `json:"action"` // "ingest", "build", "check", "rollback"
	Reason   string          `json:"reason"` // why it was in the plan
	Outcome  Outcome         `json:"outcome"`
	Started  time.Time       `json:"started"`
	Finished time.Time       `json:"finished"`
	Attempts int             `json:"attempts"`
	Rows     int64           `json:"rows"`
	Version  int64           `json:"version,omitempty"` // the ledger version published
	Error    string          `json:"error,omitempty"`
	Kind     string          `json:"kind,omitempty"` // the fault's kind
	Hint     string          `json:"hint,omitempty"`
	Detail   json.RawMessage `json:"detail,omitempty"` // action-specific facts, e.g. loads landed
}

// Verdicts remembers check results.
type Verdicts interface {
	// Record stores the results of one evaluation.
	Record(ctx context.Context, results []Result) error
	// Latest returns the newest result of every check, by dataset and check.
	Latest(ctx context.Context, env string) ([]Result, error)
	// Of returns the results of one run.
	Of(ctx context.Context, run string) ([]Result, error)
	// Values returns the past values of a check and segment measured in
	// [since, before), one per evaluation, oldest first; held runs included
	// only when includeHeld.
	Values(ctx context.Context, q ValuesQuery) ([]Value, error)
}

// ValuesQuery asks for a check's history.
type ValuesQuery struct {
	Env, Dataset, Check string
	Since, Before       time.Time
	PublishedOnly       bool // only evaluations whose rows were published
}

// Value is one past measurement.
type Value struct {
	At      time.Time
	Segment string // "" for an unsegmented check
	Number  float64
}

// Status is a check's verdict.
type Status string

// The verdicts. Learning is neither a pass nor an error; Unevaluated is an
// error, never a pass; Accepted would be a Block, but somebody lets it pass;
// Rejected set rows apart, the others are fine.
const (
	Pass        Status = "pass"
	Warn        Status = "warn"
	Block       Status = "block"
	Learning    Status = "learning"
	Unevaluated Status = "error"
	Accepted    Status = "accepted"
	Rejected    Status = "rejected"
)

// Result is one check evaluated once.
type Result struct {
	Env       string          `json:"env"`
	Run       string          `json:"run"`
	Dataset   string          `json:"dataset"`
	Check     string          `json:"check"` // the name that keeps its history
	Rule      string          `json:"rule"`  // the rule as written
	At        time.Time       `json:"at"`    // as-of time of the evaluation
	Status    Status          `json:"status"`
	Value     string          `json:"value"`              // what was measured, exact, as text; worst segment's
	Expected  string          `json:"expected"`           // the limit it was held against, in words
	Message   string          `json:"message"`            // one sentence for a person
	Segments  []SegmentResult `json:"segments,omitempty"` // of a segmented check: those not passing, and all values measured
	Samples   *table.Batch    `json:"samples,omitempty"`  // some failing rows, personal columns masked
	Failing   int64           `json:"failing"`            // rows or segments that failed
	SQL       string          `json:"sql"`
	Took      time.Duration   `json:"took_ns"`
	Published bool            `json:"published"` // the rows it judged were published (or were published already)
}

// SegmentResult is one segment's measurement in a Result.
type SegmentResult struct {
	Segment  string  `json:"segment"`
	Number   float64 `json:"number"`
	Value    string  `json:"value"`
	Expected string  `json:"expected,omitempty"`
	Status   Status  `json:"status"`
}

// Store is everything a state adapter keeps.
type Store interface {
	Ledger
	Journal
	Verdicts
	Environments
	Acceptances
	Rollbacks
	Close() error
}
