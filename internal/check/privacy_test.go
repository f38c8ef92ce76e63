package check

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/larder-data/larder/internal/project"
	"github.com/larder-data/larder/internal/state"
)

// TestQueriesCannotRenameAPersonalColumn: what a query calls its columns says
// nothing about what is in them, and the dataset judged need not be the one
// that has the personal columns.
func TestQueriesCannotRenameAPersonalColumn(t *testing.T) {
	d, s := open(t)
	mail := project.Column{Name: "email", Personal: "email", Mask: "partial"}
	lineage := func(_ context.Context, sql string) (map[string]project.Column, bool) {
		switch {
		case strings.Contains(sql, "lateral"):
			return nil, false // as if it could not be bound
		case strings.Contains(sql, "email as country"), strings.Contains(sql, "max(email)"):
			return map[string]project.Column{"country": mail, "v": mail}, true
		default:
			return nil, true
		}
	}
	for _, c := range []struct {
		name, sql string
		masks     map[string]project.Column
		personal  func(context.Context, string) (map[string]project.Column, bool)
		want      string
	}{
		{"renamed", "select email as country, id from warehouse.lines where id = 1", map[string]project.Column{"email": mail}, lineage, "[[a***@example.com 1]]"},
		{"of another dataset", "select email as country, id from warehouse.raw where id = 1", nil, lineage, "[[a***@example.com 1]]"},
		{"nothing personal", "select country, id from warehouse.lines where id = 1", map[string]project.Column{"email": mail}, lineage, "[[France 1]]"},
		{"not known", "select l.* from warehouse.lines l, lateral (select 1) x where id = 1 and l.email is null or id = 1", nil, lineage, "***"},
		{"nobody to ask", "select email as country from warehouse.lines where id = 1", map[string]project.Column{"email": mail}, nil, "[[***]]"},
		{"nothing is personal", "select email as country from warehouse.lines where id = 1", nil, nil, "[[ann@example.com]]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s.Masks, s.Personal = c.masks, c.personal
			r := check(t, d, s, project.Check{Name: "q", Block: &none, Rule: project.Rule{Kind: project.Query, SQL: c.sql}})[0]
			if r.Status != state.Block {
				t.Fatal(r.Message)
			}
			got := fmt.Sprint(r.Samples.Rows)
			if c.want == "***" {
				for _, v := range r.Samples.Rows[0] {
					if v != nil && v != c.want {
						t.Errorf("%v is shown", v)
					}
				}
			} else if got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

// TestAggregatesDoNotReveal: the greatest of a personal column is one of its
// values; a count or a sum is not.
func TestAggregatesDoNotReveal(t *testing.T) {
	d, s := open(t)
	s.Masks = map[string]project.Column{"id": {Personal: "customer number"}, "email": {Personal: "email"}}
	s.Personal = func(_ context.Context, sql string) (map[string]project.Column, bool) {
		return map[string]project.Column{"v": {}}, true
	}
	ties := func(expr, other string) project.Check {
		return project.Check{Name: expr, Block: &none, Rule: project.Rule{Kind: project.Reconcile, Expr: expr, Other: "warehouse.raw", OtherExpr: other}}
	}
	for _, c := range []struct {
		check project.Check
		want  string
	}{
		{line(t, "max(id) > 5"), "block *** | max(id) is ***, expected more than 5"},
		{line(t, "max(id) by country > 5"), "error  | could not be evaluated: max(id) for country = '***' has no value: there is nothing to aggregate"},
		{line(t, "max(coalesce(id, 4)) by country > 5"), "block *** | max(coalesce(id, 4)) for country = 'France' is ***, expected more than 5 (4 of 4 segments fail)"},
		{line(t, "count(id) > 5"), "block 4 | count(id) is 4, expected more than 5"},
		{line(t, "sum(amount) > 100"), "block 55.30 | sum(amount) is 55.30, expected more than 100"},
		{line(t, "sum(id) + max(id) > 100"), "block *** | sum(id) + max(id) is ***, expected more than 100"},
		{ties("min(email)", "max(email)"), "block *** | min(email) is ***, warehouse.raw says ***"},
		{ties("max(country)", "max(email)"), "block Spain | max(country) is Spain, warehouse.raw says ***"},
		{ties("count(email)", "count(*)"), "block 4 | count(email) is 4, warehouse.raw says 6"},
	} {
		r := check(t, d, s, c.check)[0]
		compare(t, c.check.Name, r, c.want)
		if shown := fmt.Sprint(r.Samples); strings.Contains(shown, "example.com") {
			t.Errorf("%s: %s", c.check.Name, shown)
		}
		for _, g := range r.Segments {
			if strings.Contains(c.want, "***") && (g.Number != 0 || g.Value != redacted) {
				t.Errorf("%s keeps %+v", c.check.Name, g)
			}
		}
	}
}

func TestErrorsDoNotReveal(t *testing.T) {
	_, s := open(t)
	s.Masks = map[string]project.Column{"email": {Personal: "email"}}
	for message, want := range map[string]string{
		`Could not convert string 'ann@example.com' to INT32`:      `Could not convert string '***' to INT32`,
		`Type INT64 with value 12345 can't be cast`:                `Type INT64 with value *** can't be cast`,
		`Referenced column "amount" not found`:                     `Referenced column "amount" not found`,
		"Conversion Error: \"x@y.z\"\nLINE 1: select 'x@y.z'":      `Conversion Error: "***"`,
		`invalid input syntax for type integer: "ann@example.com"`: `invalid input syntax for type integer: "***"`,
	} {
		if got := newScope(s, duckCapabilities).reason(fmt.Errorf("%s", message)); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
