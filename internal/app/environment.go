package app

import (
	"cmp"
	"context"
	"os"
	"os/user"
	"regexp"
	"strings"
	"time"

	"github.com/larder-data/larder/internal/build"
	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/state"
)

var environmentName = regexp.MustCompile(`^[a-z][a-z0-9]*(_[a-z0-9]+)*$`)

// longestEnvironment leaves room for a schema's name behind it, also where
// identifiers are short.
const longestEnvironment = 20

// checkEnvironment refuses names that cannot begin a schema's.
func checkEnvironment(name string) error {
	switch {
	case name == "" || name == build.Production:
		return nil
	case !environmentName.MatchString(name) || len(name) > longestEnvironment:
		return fault.New(fault.Invalid, "%q cannot be the name of an environment", name).
			WithHint("use small letters, digits and single underscores, at most %d, such as ada or pr_12", longestEnvironment)
	}
	return nil
}

// lifetime is how long an environment stays after it was last used.
const lifetime = 14 * 24 * time.Hour

// enter notes that the environment is used, and looks up what it has of its own.
func (a *App) enter(ctx context.Context) error {
	if a.env == build.Production {
		return a.lookAround(ctx)
	}
	now := a.options.Now()
	err := a.store.UseEnvironment(ctx, state.Environment{
		Name: a.env, By: who(), Created: now, Used: now, Expires: now.Add(lifetime),
	})
	if err != nil {
		return fault.Wrap("state", err)
	}
	return a.lookAround(ctx)
}

// who names the person at the keyboard, as far as the system knows.
func who() string {
	if u, err := user.Current(); err == nil && u.Username != "" {
		return u.Username
	}
	return cmp.Or(os.Getenv("USER"), "somebody")
}

// lookAround learns which datasets the environment has of its own, and which have
// rejected rows.
func (a *App) lookAround(ctx context.Context) error {
	a.standing.Clear()
	a.apart.Clear()
	entries, err := a.seen(ctx)
	if err != nil {
		return err
	}
	for dataset, e := range entries {
		if e.Env == a.env {
			a.stands(dataset)
		}
		a.apart.Store(dataset, e.Rejected != nil)
	}
	return nil
}

// stands notes that the environment has a dataset of its own.
func (a *App) stands(dataset string) {
	if a.env != build.Production {
		a.standing.Store(dataset, build.Place(a.env).Relation(dataset))
	}
}

// where is the relation a dataset is read from.
func (a *App) where(dataset string) engine.Relation {
	if own, ok := a.standing.Load(dataset); ok {
		if r, ok := own.(engine.Relation); ok {
			return r
		}
	}
	return engine.ParseRelation(dataset)
}

// seen is what readers of the environment see of each dataset.
func (a *App) seen(ctx context.Context) (map[string]state.Entry, error) {
	return a.memory().Current(ctx)
}

// relocated is a query that reads the environment's own datasets where it has
// them, and production's otherwise. The dialect is Relocate's.
func (a *App) relocated(ctx context.Context, sql, dialect string) (string, error) {
	if a.env == build.Production || sql == "" {
		return sql, nil
	}
	if err := a.remember(ctx); err != nil {
		return "", err
	}
	if err := a.lookAround(ctx); err != nil {
		return "", err
	}
	schemas := map[string]string{}
	for _, dataset := range a.Graph.Order {
		if r := a.where(dataset); r.Dataset() != dataset {
			schemas[strings.ToLower(dataset)] = r.Schema
			schemas[strings.ToLower(engine.RejectsOf(engine.ParseRelation(dataset)).Dataset())] = r.Schema
		}
	}
	return a.renderer.Relocate(sql, dialect, func(dataset string) (string, bool) {
		schema, ok := schemas[strings.ToLower(dataset)]
		return schema, ok
	})
}

// Environments returns the environments there are beside production.
func (a *App) Environments(ctx context.Context) ([]EnvironmentFacts, error) {
	if err := a.remember(ctx); err != nil {
		return nil, err
	}
	environments, err := a.store.Environments(ctx)
	if err != nil {
		return nil, fault.Wrap("state", err)
	}
	out := make([]EnvironmentFacts, len(environments))
	for i, e := range environments {
		entries, err := a.store.Current(ctx, e.Name)
		if err != nil {
			return nil, fault.Wrap("ledger", err)
		}
		out[i] = EnvironmentFacts{Environment: e, Datasets: []string{}}
		for _, entry := range entries {
			out[i].Datasets = append(out[i].Datasets, entry.Dataset)
		}
	}
	return out, nil
}

// EnvironmentFacts is an environment and what it has of its own.
type EnvironmentFacts struct {
	state.Environment
	Datasets []string `json:"datasets"`
}

// DropEnvironment removes an environment from the warehouse and from memory and
// returns the datasets it had. NotFound when there is none of the name.
func (a *App) DropEnvironment(ctx context.Context, name string) ([]string, error) {
	if name == build.Production {
		return nil, fault.New(fault.Invalid, "production cannot be dropped")
	}
	environments, err := a.store.Environments(ctx)
	if err != nil {
		return nil, fault.Wrap("state", err)
	}
	var names []string
	for _, e := range environments {
		if e.Name == name {
			return a.drop(ctx, name)
		}
		names = append(names, e.Name)
	}
	return nil, fault.New(fault.NotFound, "there is no environment %s", name).WithHint("%s", fault.DidYouMean(name, names))
}

// drop takes the warehouse's side first: what is left after a crash between
// the two is dropped by asking again.
func (a *App) drop(ctx context.Context, name string) ([]string, error) {
	b := a.builder(nil)
	b.Env = name
	dropped, err := b.DropAll(ctx)
	if err == nil {
		err = a.store.ForgetEnvironment(ctx, name)
	}
	return dropped, err
}

// DropExpired removes the environments nobody used for their lifetime, except
// the one at work, and returns their names.
func (a *App) DropExpired(ctx context.Context) ([]string, error) {
	environments, err := a.store.Environments(ctx)
	if err != nil {
		return nil, fault.Wrap("state", err)
	}
	var gone []string
	for _, e := range environments {
		if e.Name == a.env || e.Expires.IsZero() || a.options.Now().Before(e.Expires) {
			continue
		}
		if _, err := a.drop(ctx, e.Name); err != nil {
			return gone, err
		}
		gone = append(gone, e.Name)
	}
	return gone, nil
}

// Promote publishes the environment to production; see build.Promote. An
// environment that is not up to date, or has something held, is Held.
func (a *App) Promote(ctx context.Context) (build.Promotion, error) {
	if a.env == build.Production {
		return build.Promotion{}, fault.New(fault.Invalid, "production is what is promoted to").
			WithHint("name the environment: larder promote --env NAME")
	}
	plan, err := a.Plan(ctx, Request{})
	if err != nil {
		return build.Promotion{}, err
	}
	for _, step := range plan.Steps {
		if step.Action == build.Build {
			return build.Promotion{}, fault.New(fault.Held, "%s is not ready: %s is to be built (%s)", a.env, step.Dataset, step.Why()).
				WithHint("larder run --env %s first", a.env)
		}
	}
	id, err := a.runID(ctx)
	if err != nil {
		return build.Promotion{}, err
	}
	promotion, err := a.builder(nil).Promote(ctx, id)
	if err != nil {
		return promotion, err
	}
	return promotion, a.lookAround(ctx)
}
