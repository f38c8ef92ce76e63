package app

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/larder-data/larder/internal/check"
	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/engine/duckdb"
	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/project"
	"github.com/larder-data/larder/internal/table"
)

// sample is rows of one dataset, as a test writes them.
type sample struct {
	dataset string
	columns []table.Column
	rows    [][]any
}

// GenerateTest writes a test of a model from real rows: some of each dataset
// it reads, chosen so that they join, personal columns masked, and what the
// model makes of them. It is a beginning: a person decides whether what the
// model makes is right.
func (a *App) GenerateTest(ctx context.Context, target string, rows int) (name, text string, err error) {
	dataset, _, err := a.resolve(target)
	if err != nil {
		return "", "", err
	}
	if _, ok := a.models[dataset]; !ok {
		return "", "", fault.New(fault.Invalid, "%s is landed, not built by SQL: there is nothing to try", dataset)
	}
	given, err := a.samples(ctx, dataset, rows)
	if err != nil {
		return "", "", err
	}
	t := project.Test{Name: "as published", Model: dataset}
	if slices.Contains(a.Graph.Nodes[dataset].Params, "now") {
		t.Now = a.options.Now().In(a.Project.TimeZone).Format("2006-01-02 15:04:05")
	}
	for _, s := range given {
		t.Given = append(t.Given, s.fixture())
	}
	answer, err := a.answerOf(ctx, t)
	if err != nil {
		return "", "", err
	}
	text, err = written(t, given, sample{dataset, answer.Columns, answer.Rows})
	return dataset, text, err
}

// samples takes rows of what a model reads from the warehouse.
func (a *App) samples(ctx context.Context, model string, most int) ([]sample, error) {
	asked, err := a.Query(ctx, "", time.Minute)
	if err != nil {
		return nil, err
	}
	defer asked.Close()
	var out []sample
	for _, dataset := range slices.Sorted(maps.Keys(a.Graph.Nodes[model].Reads)) {
		columns := a.Graph.Nodes[model].Reads[dataset]
		if _, known, _ := a.relation(dataset); len(columns) == 0 {
			columns = known[:1]
		}
		parts, order := make([]string, len(columns)), []string{"1"}
		for i, c := range columns {
			parts[i] = table.Quote(c.Name)
			if i > 0 && c.Type.Kind != table.JSON && c.Type.Kind != table.Nested { // those have no order everywhere
				order = append(order, fmt.Sprint(i+1))
			}
		}
		sql := "SELECT " + strings.Join(parts, ", ") + " FROM " + engine.ParseRelation(dataset).String() +
			joining(columns, out) + fmt.Sprintf(" ORDER BY %s LIMIT %d", strings.Join(order, ", "), most)
		batch, err := engine.ReadAll(ctx, asked.asked, sql, 0)
		if err != nil {
			return nil, fault.Wrap(dataset, err)
		}
		out = append(out, sample{dataset, batch.Columns, batch.Rows})
	}
	for i := range out {
		a.mask(&out[i])
	}
	return out, nil
}

// joining restricts a dataset to rows that meet those taken before: where two
// have a column of one name, its values should be among those seen.
func joining(columns []table.Column, before []sample) string {
	for _, s := range before {
		for i, c := range s.columns {
			found, ok := table.Find(columns, c.Name)
			if !ok || c.Type.IsTemporal() || c.Type.IsFloat() || strings.HasPrefix(c.Name, "_") || len(s.rows) == 0 {
				continue
			}
			var values []string
			for _, row := range s.rows {
				if row[i] != nil {
					values = append(values, "CAST("+table.Literal(table.Format(row[i], c.Type))+" AS "+found.Type.String()+")")
				}
			}
			if len(values) > 0 {
				return " WHERE " + table.Quote(found.Name) + " IN (" + strings.Join(slices.Compact(values), ", ") + ")"
			}
		}
	}
	return ""
}

// mask hides personal values: texts always in the same way, so that rows still
// join, all else as NULL.
func (a *App) mask(s *sample) {
	for i, c := range s.columns {
		if _, personal := a.personal[s.dataset][c.Name]; !personal {
			continue
		}
		for _, row := range s.rows {
			if text, ok := row[i].(string); ok && c.Type.Kind == table.Varchar {
				row[i] = check.Hashed(text)
			} else {
				row[i] = nil
			}
		}
	}
}

func (s sample) fixture() project.Fixture {
	f := project.Fixture{Dataset: s.dataset}
	for _, row := range s.rows {
		var out project.FixtureRow
		for i, c := range s.columns {
			out.Cells = append(out.Cells, project.FixtureCell{Column: c.Name, Null: row[i] == nil, Text: table.Format(row[i], c.Type)})
		}
		f.Rows = append(f.Rows, out)
	}
	return f
}

// answerOf is what a model makes of a test's rows.
func (a *App) answerOf(ctx context.Context, t project.Test) (table.Batch, error) {
	memory, err := duckdb.OpenMemory(ctx, a.Project.TimeZone.String())
	if err != nil {
		return table.Batch{}, err
	}
	defer memory.Close() //nolint:errcheck // nothing is kept
	return a.trials().Answer(ctx, memory, t)
}

// written is the test as YAML, as a person would write it.
func written(t project.Test, given []sample, expect sample) (string, error) {
	var b strings.Builder
	fmt.Fprintf(&b, "model: %s\nname: %s\n", t.Model, t.Name)
	if t.Now != "" {
		fmt.Fprintf(&b, "now: %s\n", t.Now)
	}
	b.WriteString("given:\n")
	for _, s := range given {
		fmt.Fprintf(&b, "  %s:%s\n", s.dataset, emptyList(s))
		if err := s.write(&b, "    "); err != nil {
			return "", err
		}
	}
	fmt.Fprintf(&b, "expect:%s\n", emptyList(expect))
	err := expect.write(&b, "  ")
	return b.String(), err
}

func emptyList(s sample) string {
	if len(s.rows) == 0 {
		return " []"
	}
	return ""
}

func (s sample) write(b *strings.Builder, indent string) error {
	for _, row := range s.rows {
		begin := "- "
		for i, c := range s.columns {
			text, err := scalar(row[i], c.Type)
			if err != nil {
				return fault.New(fault.Internal, "the test cannot be written: %w", err)
			}
			b.WriteString(indent + begin + c.Name + ": " + text + "\n")
			begin = "  "
		}
	}
	return nil
}

// scalar is a value as YAML: numbers and days need no quotes.
func scalar(value any, of table.Type) (string, error) {
	if value == nil {
		return "null", nil
	}
	text := table.Format(value, of)
	if of.IsNumeric() || of.Kind == table.Boolean || of.Kind == table.Date {
		return text, nil
	}
	quoted, err := yaml.Marshal(text)
	return strings.TrimSpace(string(quoted)), err
}
