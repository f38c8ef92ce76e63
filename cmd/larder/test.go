package main

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/larder-data/larder/internal/app"
	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/table"
	"github.com/larder-data/larder/internal/trial"
)

func (p *program) testCommand() *cobra.Command {
	var which selection
	var request app.TestRequest
	var junit, generate, output string
	var rows int
	cmd := &cobra.Command{
		Use:   "test [NAME]...",
		Short: "Try models on the rows of tests/, in memory",
		Long: `Tries models on a few rows: lays out what each test in tests/ gives, runs the
model's SQL on it in memory, and tells cell by cell where the answer is not the
one expected. No warehouse is opened. NAME picks tests that have it in their name.

With --generate a test is written from real rows: a few of what the model reads,
personal columns masked, and what the model makes of them. It is a beginning:
whether what the model makes is right is for a person to say.`,
		Example: `  larder test
  larder test --select finance.net_sales_daily
  larder test cancellations --junit tests.xml
  larder test --generate finance.net_sales_daily`,
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			if generate != "" {
				return p.generateTest(cmd.Context(), generate, output, rows)
			}
			a, err := p.load(cmd.Context())
			if err != nil {
				return err
			}
			defer closing(a, &err)
			request.Select, request.Exclude, request.Names = which.picked, which.excluded, args
			outcomes, err := a.Test(cmd.Context(), request)
			if err != nil {
				return err
			}
			if junit != "" {
				if err := writeJUnit(junit, outcomes); err != nil {
					return err
				}
			}
			return p.showOutcomes(outcomes)
		},
	}
	which.flags(cmd)
	cmd.Flags().IntVar(&request.Workers, "workers", 0, "tests to run at once (default: one a processor)")
	cmd.Flags().StringVar(&junit, "junit", "", "write the outcomes to a file as JUnit XML, too")
	cmd.Flags().StringVar(&generate, "generate", "", "write a test of this dataset from real rows")
	cmd.Flags().StringVarP(&output, "output", "o", "", "with --generate: the file to write, - for standard output (default: tests/DATASET.yml)")
	cmd.Flags().IntVar(&rows, "rows", 5, "with --generate: rows to take of each dataset the model reads")
	return cmd
}

func writeJUnit(path string, outcomes []trial.Outcome) error {
	file, err := os.Create(path)
	if err == nil {
		err = trial.JUnit(file, outcomes)
		if closed := file.Close(); err == nil {
			err = closed
		}
	}
	if err != nil {
		return fault.New(fault.Unreachable, "JUnit file: %w", err)
	}
	return nil
}

func (p *program) generateTest(ctx context.Context, dataset, output string, rows int) (err error) {
	a, err := p.load(ctx)
	if err != nil {
		return err
	}
	defer closing(a, &err)
	name, text, err := a.GenerateTest(ctx, dataset, rows)
	if err != nil {
		return err
	}
	if output == "-" {
		_, err = io.WriteString(p.out, text)
		return err
	}
	if output == "" {
		output = filepath.Join(a.Project.Root, "tests", name+".yml")
	}
	if _, err := os.Stat(output); err == nil {
		return fault.New(fault.Invalid, "%s is there already", output).WithHint("name another file with --output, or - to see the test")
	}
	if err := writeNew(output, text); err != nil {
		return err
	}
	p.printf("Wrote %s. Read it: is that what the model should make of these rows?\n", output)
	return nil
}

// showOutcomes tells what failed, then how many passed.
func (p *program) showOutcomes(outcomes []trial.Outcome) error {
	failed := 0
	for _, o := range outcomes {
		if !o.Passed {
			failed++
		}
	}
	switch {
	case p.json:
		if outcomes == nil {
			outcomes = []trial.Outcome{}
		}
		if err := p.answer(outcomes); err != nil {
			return err
		}
	case len(outcomes) == 0:
		p.printf("No tests: write some in tests/, or begin with larder test --generate DATASET\n")
	default:
		for _, o := range outcomes {
			p.showOutcome(o)
		}
		p.printf("\n%s passed", number(int64(len(outcomes)-failed)))
		if failed > 0 {
			p.printf(", %s", p.paint(bad, number(int64(failed))+" failed"))
		}
		p.printf("\n")
	}
	if failed > 0 {
		return &toldError{exitHeld}
	}
	return nil
}

func (p *program) showOutcome(o trial.Outcome) {
	if o.Passed {
		p.printf("%s  %s: %s\n", p.paint(good, "pass"), o.Model, o.Name)
		return
	}
	p.printf("%s  %s: %s\n", p.paint(bad, "FAIL"), p.paint(strong, o.Model), o.Name)
	if o.Problem != nil {
		p.printf("  %s\n", o.Problem)
		if _, hint := innermost(o.Problem); hint != "" {
			p.printf("  %s %s\n", p.paint(good, "hint:"), hint)
		}
		return
	}
	p.printf("  %s\n", p.paint(faint, o.Where.String()))
	p.showDiffs(o.Diffs)
	for _, r := range o.Checks {
		p.showResult(r)
	}
}

// mostDiffs is how many rows are shown; nobody reads on.
const mostDiffs = 20

// showDiffs draws the rows that differ: a changed row twice, as it is and as
// it should be, with the wrong cells marked.
func (p *program) showDiffs(diffs []trial.Diff) {
	var grid table.Batch
	for i, d := range diffs {
		if d.Kind == trial.Count {
			p.printf("  %s rows, expected %s\n", d.Cells[0].Got, d.Cells[0].Want)
			continue
		}
		if i >= mostDiffs {
			p.printf("  and %s more\n", plural(len(diffs)-i, "row"))
			break
		}
		if grid.Columns == nil {
			grid.Columns = []table.Column{{Name: "row"}}
			for _, c := range d.Cells {
				grid.Columns = append(grid.Columns, table.Column{Name: c.Column})
			}
		}
		grid.Rows = append(grid.Rows, p.diffRows(d)...)
	}
	if len(grid.Rows) > 0 {
		p.printf("%s", p.grid(grid, "  "))
	}
}

func (p *program) diffRows(d trial.Diff) [][]any {
	row := func(word string, value func(trial.Cell) string) []any {
		out := []any{word}
		for _, c := range d.Cells {
			out = append(out, value(c))
		}
		return out
	}
	want := func(c trial.Cell) string { return c.Want }
	got := func(c trial.Cell) string { return c.Got }
	switch d.Kind {
	case trial.Missing:
		return [][]any{row("missing", want)}
	case trial.Unexpected:
		return [][]any{row("unexpected", got)}
	}
	wrong := func(text func(trial.Cell) string) func(trial.Cell) string {
		return func(c trial.Cell) string {
			if !c.Wrong {
				return strings.TrimSpace(text(c))
			}
			return "*" + text(c) + "*"
		}
	}
	return [][]any{row("expected", wrong(want)), row("got", wrong(got))}
}
