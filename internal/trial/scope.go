package trial

import (
	"context"
	"strings"

	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/project"
)

// layOut makes everything the model reads: what the test gives, models built
// from what it gives, and empty tables for the rest.
func (s *stage) layOut(ctx context.Context) error {
	given := map[string]project.Fixture{}
	for _, fixture := range s.test.Given {
		given[fixture.Dataset] = fixture
	}
	upstream := s.upstream(s.test.Model, given)
	for _, fixture := range s.test.Given {
		if !upstream[fixture.Dataset] {
			return fault.At(fixture.Where, fault.Invalid, "%s does not read %s", s.test.Model, fixture.Dataset).
				WithHint("it reads %s", strings.Join(s.runner.Graph.Nodes[s.test.Model].DependsOn, ", "))
		}
	}
	for _, dataset := range s.runner.Graph.Order {
		if !upstream[dataset] {
			continue
		}
		if err := s.lay(ctx, dataset, given); err != nil {
			return err
		}
		if beside := s.runner.Graph.Nodes[dataset].Companion; beside != nil {
			if err := s.lay(ctx, beside.Dataset, given); err != nil {
				return err
			}
		}
	}
	return nil
}

// lay makes one dataset.
func (s *stage) lay(ctx context.Context, dataset string, given map[string]project.Fixture) error {
	sql, err := s.source(ctx, dataset, given)
	if err != nil {
		return err
	}
	if err := s.make(ctx, dataset, sql); err != nil {
		return s.misfit(ctx, given[dataset].Rows, s.columns(dataset), err)
	}
	return nil
}

// source is the query that makes one dataset.
func (s *stage) source(ctx context.Context, dataset string, given map[string]project.Fixture) (string, error) {
	if fixture, ok := given[dataset]; ok {
		return s.fixture(ctx, fixture, s.columns(dataset))
	}
	_, isModel := s.runner.SQL[dataset]
	if isModel && s.hasGiven(dataset, given) {
		return s.render(dataset)
	}
	return emptyRows(s.columns(dataset)), nil
}

// upstream is everything a model is made from, up to what is given.
func (s *stage) upstream(model string, given map[string]project.Fixture) map[string]bool {
	found := map[string]bool{}
	var look func(string)
	look = func(dataset string) {
		for _, input := range s.runner.Graph.Nodes[dataset].DependsOn {
			if found[input] {
				continue
			}
			found[input] = true
			if beside := s.runner.Graph.Nodes[input].Companion; beside != nil {
				found[beside.Dataset] = true
			}
			if _, ok := given[input]; !ok && s.hasGiven(input, given) {
				look(input)
			}
		}
	}
	look(model)
	return found
}

// hasGiven reports whether a test gives rows of anything a dataset is made from.
func (s *stage) hasGiven(dataset string, given map[string]project.Fixture) bool {
	for _, input := range s.runner.Graph.Nodes[dataset].DependsOn {
		if _, ok := given[input]; ok || s.hasGiven(input, given) {
			return true
		}
	}
	return false
}
