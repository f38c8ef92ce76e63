package project

import (
	"slices"
	"strings"
	"unicode"

	"github.com/larder-data/larder/internal/fault"
)

// ownSchemas are taken: by Larder, by the lake, by the engines themselves.
var ownSchemas = []string{"larder", "lake", "information_schema", "pg_catalog", "temp", "system"}

// ownEndings belong to relations Larder keeps beside a dataset.
var ownEndings = []string{"__loads", "__quarantine", rejectsEnding, "__larder"}

// rejectsEnding is how the rejected rows of a dataset are called.
const rejectsEnding = "__rejects"

// checkName tells what is wrong with a name that becomes part of a dataset's.
func (l *loader) checkName(what, name string, where fault.Place) bool {
	for i, r := range name {
		if r != '_' && !unicode.IsLetter(r) && (i == 0 || !unicode.IsDigit(r)) {
			l.fail(where, "%q cannot be the name of a %s", name, what).WithHint("use letters, digits and _, and begin with a letter")
			return false
		}
	}
	if name == "" {
		l.fail(where, "a %s without a name", what)
		return false
	}
	if what == "schema" && strings.Contains(name, "__") {
		l.fail(where, "%s cannot be the name of a schema: two underscores stand between an environment's name and a schema's", name).
			WithHint("use one underscore")
		return false
	}
	for _, ending := range ownEndings {
		if strings.HasSuffix(strings.ToLower(name), ending) {
			l.fail(where, "%s cannot be the name of a %s: names that end in %s are Larder's own", name, what, ending).WithHint("choose another name")
			return false
		}
	}
	return true
}

// define notes a dataset and tells when there is one of that name already;
// names that differ only by case are one to SQL.
func (l *loader) define(dataset string, where fault.Place) bool {
	if l.datasets == nil {
		l.datasets = map[string]known{}
	}
	key := strings.ToLower(dataset)
	if before, ok := l.datasets[key]; ok {
		problem := l.fail(where, "the dataset %s is also defined in %s", dataset, before.where)
		if problem.Hint = "rename one of them"; before.name != dataset {
			problem.Hint = "names that differ only by case are one to SQL; rename one of them"
		}
		return false
	}
	l.datasets[key] = known{dataset, where}
	return true
}

// verify holds names that files mention against what there is.
func (l *loader) verify() {
	if len(l.project.Squads) > 0 {
		squads := sortedKeys(l.project.Squads)
		for _, m := range l.squads {
			if _, ok := l.project.Squads[m.name]; !ok {
				l.fail(m.where, "there is no squad %s", m.name).WithHint("%s", fault.DidYouMean(m.name, squads))
			}
		}
	}
	l.project.Checks = make([]Check, len(l.checks))
	for i, check := range l.checks {
		check.Rule.Other = l.spelling(check.Rule.Other)
		l.project.Checks[i] = *check
	}
	var names []string
	for _, m := range l.refers {
		if _, ok := l.datasets[strings.ToLower(m.name)]; ok || l.hasRejects(m.name) {
			continue
		}
		if names == nil {
			for _, k := range l.datasets {
				names = append(names, k.name)
			}
			slices.Sort(names)
		}
		problem := fault.At(m.where, fault.NotFound, "there is no dataset %s", m.name)
		l.faults = append(l.faults, problem.WithHint("%s", fault.DidYouMean(m.name, names)))
	}
}

// hasRejects reports whether a dataset is the rejected rows of another one.
func (l *loader) hasRejects(dataset string) bool {
	of, ok := strings.CutSuffix(strings.ToLower(dataset), rejectsEnding)
	return ok && slices.ContainsFunc(l.checks, func(c *Check) bool { return c.Reject && strings.EqualFold(c.Dataset, of) })
}

// spelling returns a dataset's name as it is defined.
func (l *loader) spelling(dataset string) string {
	if k, ok := l.datasets[strings.ToLower(dataset)]; ok {
		return k.name
	}
	return dataset
}
