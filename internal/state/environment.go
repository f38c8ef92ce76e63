package state

import (
	"context"
	"time"
)

// Environment is a place of its own beside production, for a person or a pull
// request: its datasets have names of their own, its ledger is kept apart.
type Environment struct {
	Name    string    `json:"name"`
	By      string    `json:"by"`
	Created time.Time `json:"created"`
	Used    time.Time `json:"used"`    // when a command last worked in it
	Expires time.Time `json:"expires"` // zero: never
}

// Environments remembers which environments there are beside production.
type Environments interface {
	// UseEnvironment enters an environment. One that is there keeps By and
	// Created, and gets the newer Used and the Expires given.
	UseEnvironment(ctx context.Context, e Environment) error
	// Environments returns all of them, by name.
	Environments(ctx context.Context) ([]Environment, error)
	// ForgetEnvironment removes an environment with its ledger, steps and check
	// results. Version numbers and fences already given out are not given out
	// again. NotFound when there is none of the name.
	ForgetEnvironment(ctx context.Context, name string) error
}

// Acceptance lets a dataset publish rows a check blocks, for a while.
type Acceptance struct {
	Env     string    `json:"env"`
	Dataset string    `json:"dataset"`
	Check   string    `json:"check"`
	Reason  string    `json:"reason"`
	By      string    `json:"by"`
	At      time.Time `json:"at"`
	Until   time.Time `json:"until"`
	Ended   time.Time `json:"ended"` // when it was taken back or replaced; zero otherwise
}

// Stands reports whether the acceptance lets rows pass at an instant.
func (a Acceptance) Stands(at time.Time) bool {
	return a.Ended.IsZero() && !at.Before(a.At) && at.Before(a.Until)
}

// Acceptances remembers who let what pass, and why. Nothing is ever removed.
type Acceptances interface {
	// Accept enters an acceptance; an earlier one of the same check that still
	// stands ends with it.
	Accept(ctx context.Context, a Acceptance) error
	// Withdraw ends the acceptance of a check; NotFound when none is open.
	Withdraw(ctx context.Context, env, dataset, check string, at time.Time) error
	// Acceptances returns all of an environment, the newest first.
	Acceptances(ctx context.Context, env string) ([]Acceptance, error)
}
