package app

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/larder-data/larder/internal/build"
	"github.com/larder-data/larder/internal/check"
	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/project"
	"github.com/larder-data/larder/internal/state"
	"github.com/larder-data/larder/internal/table"
)

func grainKey(i int) string { return "grain." + strconv.Itoa(i) }

// validateChecks plans and binds every rule against empty tables.
func (a *App) validateChecks(ctx context.Context) error {
	var faults fault.List
	for dataset, checks := range a.checks {
		if a.Graph.Nodes[dataset] == nil && a.exists(dataset) {
			continue // its own mistake is told already
		}
		if a.Graph.Nodes[dataset] == nil {
			for _, c := range checks {
				faults.Add(fault.At(c.Where, fault.NotFound, "check %s is about %s, which does not exist", c.Name, dataset).
					WithHint("%s", fault.DidYouMean(dataset, a.Graph.Order)))
			}
			continue
		}
		a.versions[dataset] = check.Version(checks)
		subject := a.subject(dataset)
		reads, follows := map[string]bool{}, false
		subject.Relations = func(other string) (engine.Relation, []table.Column, bool) {
			relation, columns, ok := a.relation(other)
			if of := a.companionOf(other); ok && of != "" {
				reads[of] = of != dataset
			} else if ok && other != dataset {
				reads[other] = true
			}
			follows = follows || !ok && a.exists(other)
			return relation, columns, ok
		}
		found := check.Validate(ctx, a.compiled.Bind, subject, validating)
		if len(found) == 0 {
			found = a.validateRejects(ctx, subject)
		}
		if !follows {
			faults = append(faults, found...)
		}
		delete(reads, dataset)
		a.checkReads[dataset] = slices.Sorted(maps.Keys(reads))
	}
	return append(faults, a.circles()...).Err()
}

// exists reports whether the project has a dataset, be it one with a mistake.
func (a *App) exists(dataset string) bool {
	return a.models[dataset] != nil || a.tables[dataset] != nil
}

// circles finds checks that read what is only built once they have passed:
// such a project could never publish anything for the first time.
func (a *App) circles() (faults fault.List) {
	for _, dataset := range a.Graph.Order {
		for _, other := range a.checkReads[dataset] {
			if !a.waitsFor(other, dataset, map[string]bool{}) {
				continue
			}
			c := a.reader(dataset, other)
			faults.Add(fault.At(c.Where, fault.Invalid, "check %s of %s reads %s, which waits for %s itself", c.Name, dataset, other, dataset).
				WithHint("write it as a check of %s", other))
		}
	}
	return faults
}

// waitsFor reports whether a dataset is built, or checked, after another.
func (a *App) waitsFor(dataset, other string, seen map[string]bool) bool {
	if dataset == other {
		return true
	}
	if seen[dataset] {
		return false
	}
	seen[dataset] = true
	for _, before := range slices.Concat(a.Graph.Nodes[dataset].DependsOn, a.checkReads[dataset]) {
		if a.waitsFor(before, other, seen) {
			return true
		}
	}
	return false
}

// reader is the first check of a dataset that reads another.
func (a *App) reader(dataset, other string) project.Check {
	checks := a.checks[dataset]
	at := slices.IndexFunc(checks, func(c project.Check) bool {
		text := strings.ToLower(strings.Join([]string{c.Rule.Other, c.Rule.SQL, c.Rule.Expr, c.Rule.Where}, " "))
		return strings.Contains(text, strings.ToLower(other))
	})
	return checks[max(at, 0)]
}

// validating is the engine rules are bound on: the compiler's own.
var validating = engine.Capabilities{Name: "duckdb", PrunesByStats: true}

// subject is a dataset to be judged, as far as the project knows it.
func (a *App) subject(dataset string) check.Subject {
	rejected, _ := a.rejectsOf(dataset)
	return check.Subject{
		Env: a.env, Dataset: dataset, Relation: a.where(dataset), Rejected: rejected, Form: a.form(dataset),
		Columns: a.Graph.Nodes[dataset].Columns, Rows: -1, Checks: a.checks[dataset],
		Declared: a.declared[dataset], Masks: a.personal[dataset],
		AsOf: a.options.Now(), TimeZone: a.Project.TimeZone, Relations: a.relation, Personal: a.personalIn,
		Rejects: a.comparable(dataset),
	}
}

// personalIn tells which columns of a query over datasets hold personal values.
func (a *App) personalIn(ctx context.Context, sql string) (map[string]project.Column, bool) {
	edges, err := a.compiled.Lineage(ctx, sql)
	marks := map[string]project.Column{}
	for _, edge := range edges {
		for _, from := range edge.From {
			if mark, ok := a.personal[from.Dataset][from.Column]; ok {
				marks[edge.Column] = mark
			}
		}
	}
	return marks, err == nil
}

func (a *App) form(dataset string) engine.Form {
	if m, ok := a.models[dataset]; ok && m.Build == "view" {
		return engine.View
	}
	if _, ok := a.stand[dataset]; ok {
		return engine.View
	}
	return engine.Table
}

func (a *App) relation(dataset string) (engine.Relation, []table.Column, bool) {
	node, ok := a.Graph.Nodes[dataset]
	if of := a.Graph.Nodes[a.companionOf(dataset)]; !ok && of != nil && of.Companion != nil {
		return engine.RejectsOf(a.where(of.Dataset)), of.Companion.Columns, true
	}
	if !ok {
		return engine.Relation{}, nil, false
	}
	return a.where(dataset), node.Columns, true
}

// inheritPersonal carries personal marks along column lineage: a column made
// from a personal one is personal, unless its own file says otherwise.
func (a *App) inheritPersonal() {
	a.personal = map[string]map[string]project.Column{}
	for _, dataset := range a.Graph.Order {
		marks := map[string]project.Column{}
		for _, edge := range a.Graph.Nodes[dataset].Lineage {
			for _, from := range edge.From {
				if mark, ok := a.personal[from.Dataset][from.Column]; ok {
					mark.Name = edge.Column
					marks[edge.Column] = mark
				}
			}
		}
		for _, c := range a.declared[dataset] {
			if c.Personal != "" {
				marks[c.Name] = c
			}
		}
		if len(marks) > 0 {
			a.personal[dataset] = marks
			if beside := a.Graph.Nodes[dataset].Companion; beside != nil {
				a.personal[beside.Dataset] = marks
			}
		}
	}
}

// judge is the build's Checker.
type judge struct {
	a       *App
	checker *check.Checker
}

// Check evaluates the rules of what is being built.
func (j judge) Check(ctx context.Context, s build.Subject) ([]state.Result, error) {
	if len(j.a.checks[s.Dataset]) == 0 {
		return nil, nil
	}
	results, err := j.checker.Check(ctx, j.subject(s))
	j.a.letPass(results)
	return results, err
}

// subject is rows as the build describes them, to be judged by the project's rules.
func (j judge) subject(s build.Subject) check.Subject {
	subject := j.a.subject(s.Dataset)
	subject.Run, subject.Relation, subject.Rejected, subject.Form = s.Run, s.Relation, s.Rejected, s.Form
	subject.Columns, subject.Rows, subject.AsOf, subject.LastPublished = s.Columns, s.Rows, s.AsOf, s.Published
	return subject
}

// Version identifies the rules of a dataset and what is accepted of them: when
// an acceptance ends, the dataset is judged again.
func (j judge) Version(dataset string) string {
	return j.a.versions[dataset] + j.a.acceptedVersion(dataset)
}

// Blocks reports whether the results stand in the way of publishing.
func (j judge) Blocks(dataset string, results []state.Result) bool {
	return check.Blocked(j.a.checks[dataset], results)
}
