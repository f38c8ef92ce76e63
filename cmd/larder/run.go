package main

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/larder-data/larder/internal/app"
	"github.com/larder-data/larder/internal/build"
	"github.com/larder-data/larder/internal/state"
)

func (p *program) runCommand() *cobra.Command {
	var which selection
	var full, dryRun bool
	var workers int
	cmd := &cobra.Command{
		Use:   "run",
		Short: "Land what is new, build what changed, check it, publish it",
		Long: `Plans, then lands new raw data and builds what changed, in the order of
dependency. Every dataset is staged, checked and only then published: when a
check blocks, readers keep the last good rows, what depends on it waits, and
everything else goes on. Ctrl-C stops cleanly; the next run continues.`,
		Example: `  larder run
  larder run --select layer:marts
  larder run --select finance.net_sales_daily+ --full`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			a, err := p.connect(cmd.Context())
			if err != nil {
				return err
			}
			defer closing(a, &err)
			if err := p.dropExpired(cmd.Context(), a); err != nil {
				return err
			}
			plan, err := a.Plan(cmd.Context(), app.Request{Select: which.picked, Exclude: which.excluded, Full: full})
			if err != nil {
				return err
			}
			if dryRun {
				return p.showPlan(plan, false)
			}
			return p.execute(cmd.Context(), a, plan, app.RunOptions{Command: "run", Workers: workers})
		},
	}
	which.flags(cmd)
	cmd.Flags().BoolVar(&full, "full", false, "rebuild the selected models even when nothing changed")
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "show the plan and stop")
	cmd.Flags().IntVar(&workers, "workers", 0, "datasets to build at once (default: what suits the engine)")
	return cmd
}

// execute runs a plan with progress and tells how it went.
func (p *program) execute(ctx context.Context, a *app.App, plan build.Plan, o app.RunOptions) error {
	if len(plan.Steps) == 0 {
		if p.json {
			return p.answer(runAnswer(build.Report{}, plan))
		}
		p.showHeld(plan.Held)
		p.nothingToDo(plan)
		return nil
	}
	progress := p.newProgress(plan)
	o.Observe = progress.observe
	report, err := a.Run(ctx, plan, o)
	progress.stop()
	if p.json {
		if answerErr := p.answer(runAnswer(report, plan)); answerErr != nil {
			return answerErr
		}
	} else {
		p.showHeld(plan.Held)
		p.showReport(a, report)
	}
	if err != nil {
		return err
	}
	return outcomeError(report)
}

// nothingToDo says that a plan has no steps.
func (p *program) nothingToDo(plan build.Plan) {
	p.printf("Nothing to do: %s up to date", plural(len(plan.Kept), "dataset"))
	if len(plan.Held) > 0 {
		p.printf(", %s held", number(int64(len(plan.Held))))
	}
	p.printf(".\n")
}

// outcomeError turns a report that was shown into the exit code it deserves.
func outcomeError(report build.Report) error {
	code := exitDone
	for _, s := range report.Steps {
		switch s.Outcome {
		case state.HeldBack, state.Blocked:
			code = max(code, exitHeld)
		case state.Errored:
			code = max(code, exitOf(s.Kind))
		}
	}
	if code == exitDone {
		return nil
	}
	return &toldError{code}
}

// exitOf returns the exit code of a step that failed with a kind of fault.
func exitOf(kind string) int {
	switch kind {
	case "invalid", "not found", "broken", "held":
		return exitHeld
	default:
		return exitOutside
	}
}

// runReport is a run as --json tells it.
type runReport struct {
	Run    *state.Run     `json:"run"` // null when there was nothing to do
	Steps  []state.Step   `json:"steps"`
	Checks []state.Result `json:"checks"` // those that did not pass
	Held   []build.Hold   `json:"held,omitempty"`
}

func runAnswer(report build.Report, plan build.Plan) runReport {
	answer := runReport{Steps: report.Steps, Checks: notPassing(report.Results), Held: plan.Held}
	if answer.Steps == nil {
		answer.Steps = []state.Step{}
	}
	if report.Run.ID != "" {
		answer.Run = &report.Run
	}
	return answer
}

func notPassing(results []state.Result) []state.Result {
	out := []state.Result{}
	for _, r := range results {
		if r.Status != state.Pass {
			out = append(out, r)
		}
	}
	return out
}

// showReport tells how a run went: what needs somebody, then one line.
func (p *program) showReport(a *app.App, report build.Report) {
	count := map[state.Outcome]int{}
	waiting := map[string][]string{}
	for _, s := range report.Steps {
		count[s.Outcome]++
		if s.Outcome == state.Blocked {
			root := strings.TrimPrefix(s.Error, "waits for ")
			waiting[root] = append(waiting[root], s.Dataset)
		}
	}
	for _, s := range report.Steps {
		if s.Outcome == state.HeldBack || s.Outcome == state.Errored {
			p.showTrouble(a, s, report.Results, waiting[s.Dataset])
		}
	}
	for _, s := range report.Steps {
		if r, ok := build.Rejected(s); ok {
			p.printf("\n%s %s: %s published, %s rejected: see %s\n", p.paint(warn, "rejected"), p.paint(strong, s.Dataset), rows(s.Rows), number(r.Rejected), r.In)
		}
	}
	learning, warned := 0, 0
	for _, r := range report.Results {
		switch r.Status {
		case state.Learning:
			learning++
		case state.Warn:
			warned++
		}
	}
	parts := []string{p.paint(good, plural(count[state.Done], "dataset")+" done")}
	add := func(n int, text string) {
		if n > 0 {
			parts = append(parts, number(int64(n))+" "+text)
		}
	}
	add(count[state.HeldBack], p.paint(bad, "held"))
	add(count[state.Errored], p.paint(bad, "failed"))
	add(count[state.Blocked], "waiting")
	add(len(report.Results), "checks")
	add(warned, p.paint(warn, "warnings"))
	add(learning, "still learning")
	p.printf("\n%s in %s (run %s)\n", strings.Join(parts, ", "), took(report.Run.Finished.Sub(report.Run.Started)), report.Run.ID)
}

// showTrouble tells what stands in the way of a dataset, who it belongs to
// and what waits for it.
func (p *program) showTrouble(a *app.App, s state.Step, results []state.Result, waiting []string) {
	word := "failed"
	if s.Outcome == state.HeldBack {
		word = "held"
	}
	p.printf("\n%s %s", p.paint(bad, word), p.paint(strong, s.Dataset))
	if owner := a.Owner(s.Dataset); owner != "" {
		p.printf(" - %s", owner)
	}
	p.printf("\n")
	shown := 0
	for _, r := range results {
		if r.Dataset == s.Dataset && (r.Status == state.Block || r.Status == state.Unevaluated) {
			p.showResult(r)
			shown++
		}
	}
	if shown == 0 {
		p.printf("  %s\n", strings.TrimPrefix(s.Error, s.Dataset+": "))
	}
	if shown == 0 && s.Hint != "" {
		p.printf("  %s %s\n", p.paint(good, "hint:"), s.Hint)
	}
	if s.Outcome == state.HeldBack {
		does := "keep"
		if a.Stands(s.Dataset) {
			does = "see"
		}
		p.printf("  readers %s %s\n", does, a.LastGood(s.Dataset))
	}
	if len(waiting) > 0 {
		p.printf("  %s: %s\n", plural(len(waiting), "dataset")+" waiting for it", list(waiting))
	}
}
