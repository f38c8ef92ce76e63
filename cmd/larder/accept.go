package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/larder-data/larder/internal/app"
	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/project"
	"github.com/larder-data/larder/internal/state"
)

func (p *program) acceptCommand() *cobra.Command {
	var dataset, reason, until string
	var list, withdraw bool
	cmd := &cobra.Command{
		Use:   "accept CHECK --dataset D --reason TEXT --until WHEN",
		Short: "Let a dataset publish although a check blocks it, for a while",
		Long: `Lets a dataset publish although a check blocks it, and publishes it with what
waits for it. Every answer that touches it says who accepted what, why and until
when. Afterwards the check blocks again. Who accepted what is kept.`,
		Example: `  larder accept spend_cap --dataset marketing.spend --reason "Black Friday, agreed with growth" --until "3 days"
  larder accept --list
  larder accept spend_cap --dataset marketing.spend --withdraw`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			a, err := p.connect(cmd.Context())
			if err != nil {
				return err
			}
			defer closing(a, &err)
			switch {
			case list:
				return p.listAccepted(cmd.Context(), a)
			case len(args) == 0 || dataset == "":
				return fault.New(fault.Invalid, "name the check and its dataset").WithHint("larder accept CHECK --dataset D --reason TEXT --until WHEN")
			case withdraw:
				if err := a.Withdraw(cmd.Context(), dataset, args[0]); err != nil {
					return err
				}
			default:
				if err := p.accept(cmd.Context(), a, args[0], dataset, reason, until); err != nil {
					return err
				}
			}
			plan, err := a.Plan(cmd.Context(), app.Request{Select: []string{dataset + "+"}})
			if err != nil {
				return err
			}
			return p.execute(cmd.Context(), a, plan, app.RunOptions{Command: "run"})
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&dataset, "dataset", "", "the dataset the check is about")
	flags.StringVar(&reason, "reason", "", "why its rows may be seen all the same")
	flags.StringVar(&until, "until", "", `when that ends: a time from now such as "3 days", or a day such as 2026-12-01`)
	flags.BoolVar(&list, "list", false, "show what was ever accepted")
	flags.BoolVar(&withdraw, "withdraw", false, "take an acceptance back")
	return cmd
}

func (p *program) accept(ctx context.Context, a *app.App, check, dataset, reason, until string) error {
	end, err := instant(until, a.Project.TimeZone, a.Now())
	if err != nil {
		return err
	}
	accepted, err := a.Accept(ctx, dataset, check, reason, end)
	if err != nil {
		return err
	}
	p.say("Accepted %s of %s until %s\n", accepted.Check, accepted.Dataset, accepted.Until.Local().Format("2006-01-02 15:04"))
	return nil
}

// instant reads a span from now, or a day or time in the project's time zone. A
// day lasts until its end.
func instant(text string, zone *time.Location, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, fault.New(fault.Invalid, "say when it ends").WithHint(`--until "3 days", or --until 2026-12-01`)
	}
	if span, err := project.ParseDuration(text); err == nil {
		return now.Add(span), nil
	}
	if day, err := time.ParseInLocation(time.DateOnly, text, zone); err == nil {
		return day.AddDate(0, 0, 1), nil
	}
	if at, err := time.ParseInLocation("2006-01-02 15:04", text, zone); err == nil {
		return at, nil
	}
	return time.Time{}, fault.New(fault.Invalid, "%q is no time", text).WithHint(`write a span such as "3 days", or a day such as 2026-12-01`)
}

func (p *program) listAccepted(ctx context.Context, a *app.App) error {
	accepted, err := a.Acceptances(ctx)
	if err != nil {
		return err
	}
	if p.json {
		if accepted == nil {
			accepted = []state.Acceptance{}
		}
		return p.answer(accepted)
	}
	if len(accepted) == 0 {
		p.printf("Nothing was ever accepted.\n")
	}
	for _, acceptance := range accepted {
		word := p.paint(faint, "ended   ")
		if acceptance.Stands(a.Now()) {
			word = p.paint(warn, "standing")
		}
		p.printf("%s  %s  %s  by %s on %s until %s: %s\n", word, acceptance.Dataset, acceptance.Check, acceptance.By,
			day(acceptance.At), acceptance.Until.Local().Format("2006-01-02 15:04"), acceptance.Reason)
	}
	return nil
}
