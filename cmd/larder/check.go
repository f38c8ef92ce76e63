package main

import (
	"github.com/spf13/cobra"

	"github.com/larder-data/larder/internal/app"
	"github.com/larder-data/larder/internal/state"
)

func (p *program) checkCommand() *cobra.Command {
	var which selection
	var explain, all bool
	var past replayFlags
	cmd := &cobra.Command{
		Use:   "check [DATASET]",
		Short: "Judge what is published now, without building",
		Long: `Evaluates the rules on what readers see now and records the results. Nothing is
built, nothing is taken away. Exits 1 when a rule blocks or cannot be evaluated.

With --replay the rules of one dataset are held against its past instead: on which
of the last days would they have warned, or held back what was built? Rules about
rows and about the whole look at the rows of each day, deviations at the days
before it. The rows are those of now, not those of then. Nothing is recorded.`,
		Example: `  larder check
  larder check finance.net_sales_daily --replay 90d
  larder check --select finance.* --all
  larder check --explain --select finance.net_sales_daily`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			if past.asked(cmd) {
				return p.replay(cmd, args, past)
			}
			which.picked = append(which.picked, args...)
			a, err := p.connect(cmd.Context())
			if err != nil {
				return err
			}
			defer closing(a, &err)
			request := app.Request{Select: which.picked, Exclude: which.excluded}
			if explain {
				return p.explain(a, request)
			}
			results, err := a.Check(cmd.Context(), request)
			if err != nil {
				return err
			}
			return p.showResults(results, all)
		},
	}
	which.flags(cmd)
	past.flags(cmd)
	cmd.Flags().BoolVar(&explain, "explain", false, "show the queries the checks would run, and run none")
	cmd.Flags().BoolVar(&all, "all", false, "list the checks that passed, too")
	return cmd
}

func (p *program) explain(a *app.App, request app.Request) error {
	scans, err := a.Explain(request)
	if err != nil {
		return err
	}
	if p.json {
		return p.answer(scans)
	}
	for _, s := range scans {
		p.printf("%s %s\n%s\n%s;\n\n", p.paint(strong, "-- "+s.Dataset+":"), list(s.Checks), p.paint(faint, "-- "+s.Why), s.SQL)
	}
	return nil
}

func (p *program) showResults(results []state.Result, all bool) error {
	count := map[state.Status]int{}
	for _, r := range results {
		count[r.Status]++
	}
	if p.json {
		if err := p.answer(results); err != nil {
			return err
		}
	} else {
		for _, r := range results {
			if all || r.Status != state.Pass {
				p.printf("%s  ", p.paint(strong, r.Dataset))
				p.showResult(r)
			}
		}
		p.printf("%s: %d passed, %d blocked, %d warned, %d could not be evaluated, %d learning", plural(len(results), "check"),
			count[state.Pass], count[state.Block], count[state.Warn], count[state.Unevaluated], count[state.Learning])
		if n := count[state.Rejected]; n > 0 {
			p.printf(", %d rejected rows", n)
		}
		p.printf("\n")
	}
	if count[state.Block]+count[state.Unevaluated] > 0 {
		return &toldError{exitHeld}
	}
	return nil
}

// showResult tells one check's verdict, with some failing rows.
func (p *program) showResult(r state.Result) {
	style, word := good, "pass"
	switch r.Status {
	case state.Block:
		style, word = bad, "blocks"
	case state.Unevaluated:
		style, word = bad, "error"
	case state.Warn:
		style, word = warn, "warns"
	case state.Accepted:
		style, word = warn, "accepted"
	case state.Rejected:
		style, word = warn, "rejects"
	case state.Learning:
		style, word = faint, "learning"
	}
	p.printf("  %s %s: %s\n", p.paint(style, word), r.Check, r.Message)
	if r.Samples != nil && len(r.Samples.Rows) > 0 {
		few := *r.Samples
		few.Rows = few.Rows[:min(3, len(few.Rows))]
		p.printf("%s", p.grid(few, "    "))
	}
}
