package project

import (
	"time"

	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/table"
)

// keyCheck is a rule that a key of a column or dataset asks for.
type keyCheck struct {
	rule  *Rule
	where fault.Place
}

// columnChecks are the rules behind a column's keys.
func columnChecks(column string, spec columnSpec) []keyCheck {
	var checks []keyCheck
	if spec.Required.Value {
		checks = append(checks, keyCheck{&Rule{Kind: Required, Columns: []string{column}}, spec.Required.Where})
	}
	if spec.Unique.Value {
		checks = append(checks, keyCheck{&Rule{Kind: Unique, Columns: []string{column}}, spec.Unique.Where})
	}
	if len(spec.Accepted.Value) > 0 {
		checks = append(checks, keyCheck{&Rule{Kind: Accepted, Columns: []string{column}, Values: spec.Accepted.Value}, spec.Accepted.Where})
	}
	return checks
}

// grainCheck is the rule that the grain tells rows apart.
func grainCheck(grain []string, where fault.Place) []keyCheck {
	if len(grain) == 0 {
		return nil
	}
	return []keyCheck{{&Rule{Kind: Unique, Columns: grain}, where}}
}

// schemaCheck is the rule that declared types are kept, when there are any.
func schemaCheck(columns []Column) []keyCheck {
	for _, column := range columns {
		if column.Type != (table.Type{}) {
			return []keyCheck{{&Rule{Kind: SchemaRule}, column.TypeWhere}}
		}
	}
	return nil
}

// freshCheck is the rule that a dataset was published lately enough.
func freshCheck(within Placed[time.Duration]) []keyCheck {
	if within.Value == 0 {
		return nil
	}
	return []keyCheck{{&Rule{Kind: Freshness, Within: within.Value}, within.Where}}
}

// addKeyChecks keeps the checks that keys ask for.
func (l *loader) addKeyChecks(dataset string, checks []keyCheck) {
	for _, c := range checks {
		check := Check{Name: autoName(*c.rule), Dataset: dataset, Text: FormatRule(*c.rule, broken), Rule: *c.rule, Where: c.where}
		limit := broken
		if DefaultBlocks(c.rule.Kind) {
			check.Block = &limit
		} else {
			check.Warn = &limit
		}
		l.addCheck(check, false)
	}
}
