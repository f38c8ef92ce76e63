// Package build plans what must run and why, and runs it: every dataset is
// staged, checked and only then published, in the order of dependency, with
// the ledger and the warehouse agreeing after any crash.
//
// It knows neither files nor rules: landing raw data and judging rows are
// handed in as an Ingester and a Checker.
package build

import (
	"context"
	"time"

	"github.com/larder-data/larder/internal/compile"
	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/state"
	"github.com/larder-data/larder/internal/table"
)

// Builder joins what a build needs. All fields but Ingester and Observe are
// required.
type Builder struct {
	Env    string // Production, or an environment that builds on it
	Graph  *compile.Graph
	Models map[string]Model
	// CheckReads names, per dataset, the other datasets its checks compare with:
	// where both are planned they are published first, unless that would be a circle.
	CheckReads map[string][]string
	Engine     engine.Engine
	Store      Store
	Checker    Checker
	Ingester   Ingester // nil: the project lands nothing itself
	// Render fills in a model's parameters, and lets it read datasets where move
	// says their schemas are.
	Render  func(m Model, now time.Time, move func(dataset string) (schema string, moved bool)) (string, error)
	Binder  Rebinder
	Dialect string // name and version of what binds SQL, kept with every entry
	// Pause is how long to wait before a step that met somebody else\'s lock is
	// tried again; it grows fourfold. 0 is a tenth of a second.
	Pause   time.Duration
	Now     func() time.Time
	Observe func(Event) // called from several goroutines, one call at a time; may be nil
}

// Store is the memory a build reads and writes.
type Store interface {
	state.Ledger
	state.Committer
	state.Journal
	state.Verdicts
	state.Rollbacks
}

// Model is what the build needs of a dataset beside its place in the graph.
type Model struct {
	SQL     string // as written; Render replaces its parameters
	Dialect string // the engine it is written for; "" is what binds SQL
	Form    engine.Form
	Owner   string
	Keep    int // earlier versions to keep beside the current one
}

// Checker judges rows against a dataset's rules.
type Checker interface {
	// Check returns one result per rule. An error means that judging itself
	// broke down (the engine is gone, the run was stopped); a rule that could
	// not be evaluated is a result.
	Check(ctx context.Context, s Subject) ([]state.Result, error)
	// Version identifies the rules of a dataset; "" when there are none.
	Version(dataset string) string
	// Blocks reports whether results stand in the way of publishing the dataset.
	Blocks(dataset string, results []state.Result) bool
	// Split tells how the rows that break rules which reject are told from the
	// others; false when none of the dataset's rules rejects.
	Split(s Subject) (Split, bool, error)
}

// Subject is rows to be judged, staged or published.
type Subject struct {
	Run       string
	Dataset   string
	Relation  engine.Relation // where the rows are
	Rejected  engine.Relation // where those are that were set apart; zero when no rule rejects
	Form      engine.Form
	Columns   []table.Column
	Rows      int64 // -1 when not known
	AsOf      time.Time
	Published time.Time // when readers last got a new version; zero: never
}

// Split is two SELECTs over a subject's rows. Each row is in one of them.
type Split struct {
	Kept     string
	Rejected string // with engine.RejectColumns behind the subject's columns
}

// Ingester brings raw data into lake tables.
type Ingester interface {
	// News says in words what waits to be landed, "" when nothing does.
	News(ctx context.Context, dataset string) (string, error)
	// Ingest lands it. Changed is false when nothing turned out to be new.
	Ingest(ctx context.Context, dataset string, run state.Run) (Landing, error)
}

// Landing tells what an ingest did.
type Landing struct {
	Changed bool
	Entry   state.Entry // the ledger entry now current, when Changed
	Rows    int64       // rows that arrived
	Notes   []string    // for people: corrected files, unreadable rows, new columns
	Results []state.Result
}

// Rebinder tells whether a stored model still means the same after the engine
// that binds SQL was upgraded.
type Rebinder interface {
	// Rebind returns the data version the stored text has under this engine.
	Rebind(ctx context.Context, e state.Entry) (string, error)
}

// EventKind says what an Event tells.
type EventKind string

// The kinds of events.
const (
	StepStarted  EventKind = "started"
	StepFinished EventKind = "finished"
)

// Event is progress of a run, for a person or a log.
type Event struct {
	Kind    EventKind
	Step    Step
	Record  state.Step     // outcome, rows, times, error; of a finished step
	Results []state.Result // of a finished step
	Notes   []string
	Done    int // steps finished so far
	Total   int
}
