package main

import (
	"time"

	"github.com/spf13/cobra"

	"github.com/larder-data/larder/internal/app"
	"github.com/larder-data/larder/internal/state"
)

func (p *program) historyCommand() *cobra.Command {
	var limit int
	var dataset string
	var checks bool
	cmd := &cobra.Command{
		Use:   "history [RUN]",
		Short: "What ran, how long it took, what failed and why",
		Long: `Without an argument: the newest runs. With a run's id, or "last": its steps, with
time and rows for each dataset, and what failed and why.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			a, err := p.load(cmd.Context())
			if err != nil {
				return err
			}
			defer closing(a, &err)
			if len(args) == 0 && dataset == "" {
				runs, err := a.Runs(cmd.Context(), limit)
				if err != nil {
					return err
				}
				return p.showRuns(runs)
			}
			which := "last"
			if len(args) > 0 {
				which = args[0]
			}
			if dataset != "" && len(args) == 0 {
				past, err := a.StepsOf(cmd.Context(), dataset, limit)
				if err != nil {
					return err
				}
				return p.showSteps(past)
			}
			past, err := a.PastRun(cmd.Context(), which)
			if err != nil {
				return err
			}
			return p.showPastRun(past, checks)
		},
	}
	cmd.Flags().IntVarP(&limit, "limit", "n", 20, "how many runs; 0 is all")
	cmd.Flags().StringVar(&dataset, "dataset", "", "the steps of one dataset over all runs")
	cmd.Flags().BoolVar(&checks, "checks", false, "with a run: its check results, too")
	return cmd
}

func (p *program) showRuns(runs []app.RunSummary) error {
	if p.json {
		return p.answer(runs)
	}
	if len(runs) == 0 {
		p.printf("Nothing has run yet. Start with: larder run\n")
		return nil
	}
	for _, r := range runs {
		p.printf("%s  %s  %s  %s  %s", r.ID, r.Started.Local().Format("2006-01-02 15:04:05"), p.outcome(r.Outcome),
			pad(took(r.Finished.Sub(r.Started)), 7), r.Command)
		p.printf("  %s", p.paint(faint, r.Counts()))
		if r.Error != "" {
			p.printf("  %s", firstLine(r.Error))
		}
		p.printf("\n")
	}
	return nil
}

func (p *program) showPastRun(past app.PastRun, checks bool) error {
	if p.json {
		return p.answer(past)
	}
	p.printf("run %s, %s, as of %s\n", p.paint(strong, past.Run.ID), p.outcome(past.Run.Outcome), past.Run.AsOf.UTC().Format(time.RFC3339))
	if past.Run.Error != "" {
		p.printf("  %s\n", past.Run.Error)
	}
	if err := p.showSteps(past.Steps); err != nil {
		return err
	}
	for _, r := range past.Results {
		if checks || (r.Status != state.Pass && r.Status != state.Learning) {
			p.printf("%s\n", p.paint(strong, r.Dataset))
			p.showResult(r)
		}
	}
	return nil
}

func (p *program) showSteps(steps []state.Step) error {
	if p.json {
		return p.answer(steps)
	}
	wide := 0
	for _, s := range steps {
		wide = max(wide, len(s.Dataset))
	}
	for _, s := range steps {
		p.printf("  %s  %s  %s  %s  %s  %s\n", p.outcome(s.Outcome), pad(s.Action, 6), pad(s.Dataset, wide),
			pad(took(s.Finished.Sub(s.Started)), 7), pad(rows(s.Rows), 14), p.paint(faint, s.Reason))
		if s.Error != "" {
			p.printf("           %s\n", firstLine(s.Error))
		}
	}
	return nil
}

func (p *program) outcome(o state.Outcome) string {
	style := faint
	switch o {
	case state.Done:
		style = good
	case state.HeldBack, state.Errored:
		style = bad
	case state.Interrupted:
		style = warn
	}
	return p.paint(style, pad(string(o), 11))
}
