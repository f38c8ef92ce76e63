package app

import (
	"context"
	"fmt"
	"slices"

	"github.com/larder-data/larder/internal/build"
	"github.com/larder-data/larder/internal/check"
	"github.com/larder-data/larder/internal/compile"
	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/project"
	"github.com/larder-data/larder/internal/table"
)

// rejecting are the rules of a dataset that reject rows.
func (a *App) rejecting(dataset string) []project.Check {
	return slices.DeleteFunc(slices.Clone(a.checks[dataset]), func(c project.Check) bool { return !c.Reject })
}

// setApart makes what a model rejects part of what it means: its rows depend on
// the rules, and on what the rules read.
func (a *App) setApart(m *compile.Model) {
	rules := a.rejecting(m.Dataset)
	if len(rules) == 0 {
		return
	}
	for i := range rules {
		rules[i].Block = nil // how many are too many changes no row
	}
	m.Settings += " rejects=" + check.Version(rules)
	m.Companion = &compile.Companion{
		Dataset: engine.RejectsOf(engine.ParseRelation(m.Dataset)).Dataset(), Columns: engine.RejectColumns(),
	}
	reads := map[string]bool{}
	// What is wrong with the rules is told once there are columns to bind them to.
	_, _, _ = check.Split(check.Subject{
		Dataset: m.Dataset, Relation: engine.ParseRelation(m.Dataset), Checks: rules,
		Relations: func(other string) (engine.Relation, []table.Column, bool) {
			reads[other] = a.exists(other) || a.companionOf(other) != ""
			return engine.ParseRelation(other), nil, reads[other]
		},
	}, validating)
	for other, there := range reads {
		if there && other != m.Dataset {
			m.Needs = append(m.Needs, other)
		}
	}
	slices.Sort(m.Needs)
}

// companionOf is the model whose rejected rows a dataset is, "" when it is none.
func (a *App) companionOf(dataset string) string {
	if of, ok := engine.RejectsBy(dataset); ok && a.models[of] != nil && len(a.rejecting(of)) > 0 {
		return of
	}
	return ""
}

// validateRejects tells of rules that cannot reject rows of a dataset.
func (a *App) validateRejects(ctx context.Context, subject check.Subject) (faults fault.List) {
	for _, c := range a.rejecting(subject.Dataset) {
		switch {
		case a.tables[subject.Dataset] != nil:
			faults.Add(fault.At(c.Where, fault.Invalid, "check %s cannot reject rows of %s: the lake keeps what arrived", c.Name, subject.Dataset).
				WithHint("reject them in the model that reads it"))
			continue
		case subject.Form == engine.View:
			faults.Add(fault.At(c.Where, fault.Invalid, "check %s cannot reject rows of %s: a view has none of its own", c.Name, subject.Dataset).
				WithHint("write build: full"))
			continue
		}
		if err := check.CanReject(subject, validating, c); err != nil {
			faults.Add(err)
			continue
		}
		subject.Checks = []project.Check{c}
		halves, _, err := check.Split(subject, validating)
		if err == nil {
			_, err = a.compiled.Lineage(ctx, halves.Rejected)
		}
		if err != nil {
			faults.Add(&fault.Error{
				Op: "check " + c.Name, Kind: fault.Invalid, Where: c.Where, Err: err,
				Hint: "whether a row is rejected depends on it and on other datasets, not on when it is asked",
			})
		}
	}
	return faults
}

// Split tells the rows that break rules which reject from the others.
func (j judge) Split(s build.Subject) (build.Split, bool, error) {
	halves, rejects, err := check.Split(j.subject(s), j.a.engine.Capabilities())
	return build.Split{Kept: halves.Kept, Rejected: halves.Rejected}, rejects, err
}

// rejectsOf is where the rejected rows of a dataset stand, false when readers see
// none.
func (a *App) rejectsOf(dataset string) (engine.Relation, bool) {
	if apart, known := a.apart.Load(dataset); !known || apart == false {
		return engine.Relation{}, false
	}
	return engine.RejectsOf(a.where(dataset)), true
}

// comparable finds the rejected rows of another dataset where they count when a
// dataset is compared with it. They do not count for what is made from it, which
// never sees them.
func (a *App) comparable(dataset string) func(other string) (engine.Relation, bool) {
	return func(other string) (engine.Relation, bool) {
		if slices.Contains(a.Graph.Upstream(dataset), other) {
			return engine.Relation{}, false
		}
		return a.rejectsOf(other)
	}
}

// rejectedRows says how many rows were rejected and where they are.
func rejectedRows(n int64, dataset string) string {
	rows := fmt.Sprintf("%d rejected rows", n)
	if n == 1 {
		rows = "1 rejected row"
	}
	return rows + ": see " + engine.RejectsOf(engine.ParseRelation(dataset)).Dataset()
}
