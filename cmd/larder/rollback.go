package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/larder-data/larder/internal/app"
	"github.com/larder-data/larder/internal/build"
	"github.com/larder-data/larder/internal/fault"
)

// rollbackFlags say what is asked of larder rollback.
type rollbackFlags struct {
	to, reason    string
	release, list bool
}

func (p *program) rollbackCommand() *cobra.Command {
	var flags rollbackFlags
	cmd := &cobra.Command{
		Use:   "rollback DATASET [--to RUN --reason TEXT]",
		Short: "Restore an earlier version of a dataset, and hold it there",
		Long: `Without --to: lists the versions of a dataset that can be restored. With --to:
publishes the version of that run again, checked like any other, under a new
number. From then on runs leave the dataset as it is, and all that is made from
it, until it is released; every answer that touches them says who rolled what
back and why. How many versions are kept is history: in larder.yml or in the
model's header.`,
		Example: `  larder rollback finance.daily
  larder rollback finance.daily --to 20260301-093000-123-k3f9ab --reason "refunds were counted twice"
  larder rollback finance.daily --release
  larder rollback --list`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			if flags.list == (len(args) > 0) {
				return fault.New(fault.Invalid, "name the dataset").WithHint("larder rollback DATASET, or larder rollback --list")
			}
			a, err := p.connect(cmd.Context())
			if err != nil {
				return err
			}
			defer closing(a, &err)
			if flags.list {
				return p.listRollbacks(cmd.Context(), a)
			}
			return p.rollback(cmd.Context(), a, args[0], flags)
		},
	}
	cmd.Flags().StringVar(&flags.to, "to", "", "the run that published the version to restore")
	cmd.Flags().StringVar(&flags.reason, "reason", "", "why that version is to be seen")
	cmd.Flags().BoolVar(&flags.release, "release", false, "let runs build the dataset again, and what is made from it")
	cmd.Flags().BoolVar(&flags.list, "list", false, "show what was ever rolled back")
	cmd.MarkFlagsMutuallyExclusive("to", "release", "list")
	return cmd
}

func (p *program) rollback(ctx context.Context, a *app.App, dataset string, flags rollbackFlags) error {
	switch {
	case flags.release:
		return p.release(ctx, a, dataset)
	case flags.to == "" && flags.reason == "":
		return p.listPast(ctx, a, dataset)
	case flags.to == "":
		return fault.New(fault.Invalid, "say which version with --to").WithHint("larder rollback %s lists those there are", dataset)
	}
	plan, err := a.PlanRollback(ctx, dataset, flags.to, flags.reason)
	if err != nil {
		return err
	}
	return p.execute(ctx, a, plan, app.RunOptions{Command: "rollback"})
}

func (p *program) release(ctx context.Context, a *app.App, dataset string) error {
	released, err := a.Release(ctx, dataset)
	if err != nil {
		return err
	}
	if p.json {
		return p.answer(released)
	}
	p.printf("Released %s: the next run builds what has changed meanwhile.\n", released.Dataset)
	return nil
}

func (p *program) listPast(ctx context.Context, a *app.App, dataset string) error {
	past, err := a.Past(ctx, dataset)
	if err != nil {
		return err
	}
	if p.json {
		return p.answer(past)
	}
	if past.Held != "" {
		p.printf("%s is %s\n", past.Dataset, past.Held)
	}
	if past.None != "" {
		p.printf("No earlier version of %s can be restored: %s.\n", past.Dataset, past.None)
		return nil
	}
	for _, v := range past.Versions {
		p.printf("  %s  version %s  %s  %s  %s\n", p.paint(strong, v.Run), number(v.Version), v.At.Local().Format("2006-01-02 15:04:05"),
			rows(v.Rows), p.paint(faint, v.Note))
	}
	p.printf("\nRestore one with: larder rollback %s --to RUN --reason TEXT\n", past.Dataset)
	return nil
}

func (p *program) listRollbacks(ctx context.Context, a *app.App) error {
	found, err := a.Rollbacks(ctx)
	if err != nil {
		return err
	}
	if p.json {
		return p.answer(found)
	}
	if len(found) == 0 {
		p.printf("Nothing was ever rolled back.\n")
	}
	for _, r := range found {
		word := p.paint(faint, "ended   ")
		if r.Standing {
			word = p.paint(warn, "standing")
		}
		p.printf("%s  %s  to run %s by %s on %s because %s\n", word, r.Dataset, r.ToRun, r.By, day(r.At), r.Reason)
	}
	return nil
}

// showHeld tells what stays as it is, a line for each rollback.
func (p *program) showHeld(holds []build.Hold) {
	for _, h := range app.Together(holds) {
		p.printf("  %s  %s  %s\n", p.paint(warn, pad("held", 6)), h.Root, p.paint(faint, h.Why))
		if len(h.With) > 0 {
			p.printf("          %s\n", p.paint(faint, "and with it what depends on it: "+list(h.With)))
		}
	}
}
