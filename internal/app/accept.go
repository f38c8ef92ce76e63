package app

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/state"
)

// longestAcceptance is how far ahead an acceptance may reach: what should hold
// for longer is another rule.
const longestAcceptance = 92 * 24 * time.Hour

// Accept lets a dataset publish although a check blocks it, until an instant.
// Connect comes first; the dataset publishes with the next run. The error is
// NotFound for a dataset or check there is none of, Invalid without a reason or
// with an end that is past or too far.
func (a *App) Accept(ctx context.Context, target, name, reason string, until time.Time) (state.Acceptance, error) {
	acceptance := state.Acceptance{Env: a.env, Reason: strings.TrimSpace(reason), By: who(), At: a.options.Now(), Until: until}
	var err error
	if acceptance.Dataset, acceptance.Check, err = a.checkOf(target, name); err != nil {
		return acceptance, err
	}
	switch {
	case acceptance.Reason == "":
		return acceptance, fault.New(fault.Invalid, "an acceptance needs a reason").WithHint("say why with --reason: it is shown with every answer")
	case !until.After(acceptance.At):
		return acceptance, fault.New(fault.Invalid, "the acceptance would end before it begins").WithHint("give --until a day ahead, or a time such as 3 days")
	case until.Sub(acceptance.At) > longestAcceptance:
		return acceptance, fault.New(fault.Invalid, "an acceptance ends within three months").WithHint("a rule that should not hold for longer is another rule: change it")
	}
	if err := a.store.Accept(ctx, acceptance); err != nil {
		return acceptance, fault.Wrap("state", err)
	}
	return acceptance, a.recallAccepted(ctx)
}

// Withdraw takes an acceptance back; the dataset is judged again by the next run.
func (a *App) Withdraw(ctx context.Context, target, name string) error {
	dataset, check, err := a.checkOf(target, name)
	if err != nil {
		return err
	}
	if err := a.store.Withdraw(ctx, a.env, dataset, check, a.options.Now()); err != nil {
		return err
	}
	return a.recallAccepted(ctx)
}

// Acceptances returns everything that was ever accepted, the newest first.
func (a *App) Acceptances(ctx context.Context) ([]state.Acceptance, error) {
	if err := a.remember(ctx); err != nil {
		return nil, err
	}
	found, err := a.store.Acceptances(ctx, a.env)
	return found, fault.Wrap("state", err)
}

// checkOf finds a check of a dataset by name.
func (a *App) checkOf(target, name string) (dataset, check string, err error) {
	if dataset, _, err = a.resolve(target); err != nil {
		return "", "", err
	}
	var names []string
	for _, c := range a.checks[dataset] {
		if strings.EqualFold(c.Name, name) {
			return dataset, c.Name, nil
		}
		names = append(names, c.Name)
	}
	return "", "", fault.New(fault.NotFound, "%s has no check %s", dataset, name).WithHint("%s", fault.DidYouMean(name, names))
}

// recallAccepted reads what is accepted.
func (a *App) recallAccepted(ctx context.Context) (err error) {
	a.accepted, err = a.store.Acceptances(ctx, a.env)
	return fault.Wrap("state", err)
}

// letPass turns blocks under a standing acceptance into accepted results.
func (a *App) letPass(results []state.Result) {
	for i := range results {
		r := &results[i]
		if r.Status != state.Block {
			continue
		}
		for _, acceptance := range a.accepted {
			if acceptance.Dataset == r.Dataset && acceptance.Check == r.Check && acceptance.Stands(a.options.Now()) {
				r.Status = state.Accepted
				r.Message += "; " + inWords(acceptance)
				break
			}
		}
	}
}

func inWords(a state.Acceptance) string {
	return fmt.Sprintf("accepted by %s until %s: %s", a.By, a.Until.Local().Format("2006-01-02 15:04"), a.Reason)
}

// acceptedVersion tells apart what is accepted of a dataset's rules, "" when
// nothing is.
func (a *App) acceptedVersion(dataset string) string {
	var standing []string
	for _, acceptance := range a.accepted {
		if acceptance.Dataset == dataset && acceptance.Stands(a.options.Now()) {
			standing = append(standing, fmt.Sprintf("+%s@%d", acceptance.Check, acceptance.At.UnixMicro()))
		}
	}
	slices.Sort(standing)
	return strings.Join(standing, "")
}

// badges says of each dataset what of its rows was accepted although a check
// blocks it.
func (a *App) badges(ctx context.Context) (map[string][]string, error) {
	latest, err := a.store.Latest(ctx, a.env)
	if err != nil {
		return nil, fault.Wrap("check results", err)
	}
	out := map[string][]string{}
	for _, r := range latest {
		if r.Status == state.Accepted {
			out[r.Dataset] = append(out[r.Dataset], r.Dataset+" breaks "+r.Check+": "+r.Message)
		}
	}
	return out, nil
}
