package state

import (
	"context"
	"time"
)

// Rollback holds a dataset at an earlier version that was published again.
type Rollback struct {
	Env     string    `json:"env"`
	Dataset string    `json:"dataset"`
	Run     string    `json:"run"`    // which published the earlier version again
	To      int64     `json:"to"`     // the earlier version
	ToRun   string    `json:"to_run"` // the run that had published it first
	From    int64     `json:"from"`   // the version readers saw before
	Reason  string    `json:"reason"`
	By      string    `json:"by"`
	At      time.Time `json:"at"`
	Ended   time.Time `json:"ended"` // when it was released; zero otherwise
}

// Stands reports whether the dataset is held while readers see an entry of it.
// A rollback is written down before it is published, so it stands only when
// they see what it published: one that never came to it holds nothing.
func (r Rollback) Stands(seen Entry) bool {
	return r.Ended.IsZero() && seen.Env == r.Env && seen.Dataset == r.Dataset && seen.Run == r.Run
}

// Rollbacks remembers what was rolled back, by whom, and why. Nothing is ever
// removed.
type Rollbacks interface {
	// RollBack enters a rollback that is about to be published. Entering it again
	// for the same run changes nothing.
	RollBack(ctx context.Context, r Rollback) error
	// Release ends the rollbacks of a dataset that are open; NotFound when none is.
	Release(ctx context.Context, env, dataset string, at time.Time) error
	// Rollbacks returns all of an environment, the newest first.
	Rollbacks(ctx context.Context, env string) ([]Rollback, error)
}
