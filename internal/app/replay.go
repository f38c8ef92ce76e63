package app

import (
	"context"
	"errors"
	"os"
	"time"

	"github.com/larder-data/larder/internal/check"
	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/state"
)

// Replay is how the rules of a dataset would have gone on past days.
type Replay struct {
	Dataset  string           `json:"dataset"`
	First    string           `json:"first_day"`
	Last     string           `json:"last_day"`
	TimeZone string           `json:"time_zone"`
	Over     string           `json:"over,omitempty"`   // the column that tells the day of a row
	Undated  int64            `json:"rows_without_day"` // judged on no day
	Note     string           `json:"note"`
	Rules    []check.Replayed `json:"rules"`
}

// replayNote is what every replay has to say of itself.
const replayNote = "judged are the rows as they are now: what was corrected, loaded late or deleted since did not look so on the day"

// ReplayRequest says what is replayed.
type ReplayRequest struct {
	Dataset string
	Days    int
	Until   time.Time // midnight UTC of the last day; zero is yesterday
	Rules   []string  // names; none is all of them
	Over    string    // the column that tells the day of a row; "" finds it
}

// Replay tells on which past days the rules of a dataset would have warned or
// held. It reads what is published and records nothing. NotFound is a dataset, a
// rule or rows there are none of.
func (a *App) Replay(ctx context.Context, r ReplayRequest) (out Replay, err error) {
	dataset, column, err := a.resolve(r.Dataset)
	if err != nil {
		return Replay{}, err
	}
	if column != "" {
		return Replay{}, fault.New(fault.Invalid, "%s is a column of %s", column, dataset).WithHint("rules are replayed by dataset")
	}
	names, err := a.rulesNamed(dataset, r.Rules)
	if err != nil {
		return Replay{}, err
	}
	entry, err := a.standingEntry(ctx, dataset)
	if err != nil {
		return Replay{}, err
	}
	subject := a.subject(dataset)
	if subject.AsOf, err = a.dayAfter(r.Until); err != nil {
		return Replay{}, err
	}
	past := check.Past{Days: r.Days, Rules: names, Over: r.Over}
	if _, stands := a.stand[dataset]; a.tables[dataset] != nil && !stands {
		past.Arrivals = engine.LoadsOf(subject.Relation)
	}
	if past.Publications, err = a.publications(ctx, entry, subject.AsOf.AddDate(0, 0, -r.Days)); err != nil {
		return Replay{}, err
	}
	reader, err := a.openReader(ctx)
	if err != nil {
		return Replay{}, err
	}
	defer func() { err = errors.Join(err, reader.Close()) }()
	if subject.Columns, err = reader.Columns(ctx, subject.Relation); err != nil {
		return Replay{}, err
	}
	checker := &check.Checker{Engine: reader, Capabilities: reader.Capabilities(), History: a.store, Clock: a.options.Now}
	found, err := checker.Replay(ctx, subject, past)
	return Replay{
		Dataset: dataset, First: found.First.Format(time.DateOnly), Last: found.Last.Format(time.DateOnly),
		TimeZone: a.Project.TimeZone.String(), Over: found.Over, Undated: found.Undated, Note: replayNote, Rules: found.Rules,
	}, err
}

// dayAfter is the instant at which a day, midnight UTC of its date, is over; a
// zero one is the last that is over now. Invalid is a day that is not.
func (a *App) dayAfter(day time.Time) (time.Time, error) {
	now := a.options.Now()
	over := time.Date(day.Year(), day.Month(), day.Day()+1, 0, 0, 0, 0, a.Project.TimeZone)
	switch {
	case day.IsZero():
		return now, nil
	case over.After(now):
		return now, fault.New(fault.Invalid, "%s is not over yet", day.Format(time.DateOnly)).WithHint("a replay is of days that are past")
	default:
		return over, nil
	}
}

// rulesNamed spells the names of a dataset's rules as its files do.
func (a *App) rulesNamed(dataset string, names []string) (spelled []string, err error) {
	if len(a.checks[dataset]) == 0 {
		return nil, fault.New(fault.NotFound, "%s has no rules to replay", dataset).
			WithHint("write one first, with severity: warn if it shall do no harm: see docs/checks.md")
	}
	for _, name := range names {
		_, found, err := a.checkOf(dataset, name)
		if err != nil {
			return nil, err
		}
		spelled = append(spelled, found)
	}
	return spelled, nil
}

// standingEntry is what readers see of a dataset; NotFound when nothing was
// ever published.
func (a *App) standingEntry(ctx context.Context, dataset string) (state.Entry, error) {
	missing := fault.New(fault.NotFound, "%s was never published", dataset).WithHint("larder run --select %s", dataset)
	if _, err := os.Stat(a.Project.State); err != nil {
		return state.Entry{}, missing
	}
	if err := a.remember(ctx); err != nil {
		return state.Entry{}, err
	}
	if err := a.lookAround(ctx); err != nil {
		return state.Entry{}, err
	}
	entries, err := a.seen(ctx)
	if err != nil {
		return state.Entry{}, err
	}
	if entry, ok := entries[dataset]; ok {
		return entry, nil
	}
	return state.Entry{}, missing
}

// publications are the times at which versions of a dataset up to an entry were
// published: those since an instant, and the one before.
func (a *App) publications(ctx context.Context, entry state.Entry, since time.Time) (found []time.Time, err error) {
	for version := entry.Version; version > 0; version-- {
		e, err := a.store.Entry(ctx, entry.Env, entry.Dataset, version)
		if fault.KindOf(err) == fault.NotFound {
			continue
		}
		if err != nil {
			return nil, fault.Wrap("ledger", err)
		}
		if e.State != state.Published && e.State != state.Lost {
			continue
		}
		found = append(found, e.At)
		if e.At.Before(since) {
			break
		}
	}
	return found, nil
}
