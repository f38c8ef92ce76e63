package main

import (
	"context"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/larder-data/larder/internal/app"
)

func (p *program) envCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "env",
		Short: "List and drop environments",
		Long: `An environment is a place of its own for a person or a pull request: with
--env NAME every command works there. What is the same as in production is read
from production; what differs, and what depends on it, is built in schemas of the
environment's own. It begins with its first use, and is dropped when nobody used
it for two weeks.`,
		Example: `  larder run --env ada
  larder query --env ada "from finance.net_sales_daily limit 5"
  larder env list
  larder promote --env ada
  larder env drop ada`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(&cobra.Command{
		Use: "list", Short: "Show the environments there are", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return p.listEnvironments(cmd.Context()) },
	}, &cobra.Command{
		Use: "drop NAME...", Short: "Remove environments with everything they built", Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, names []string) error { return p.dropEnvironments(cmd.Context(), names) },
	})
	return cmd
}

func (p *program) listEnvironments(ctx context.Context) (err error) {
	a, err := p.load(ctx)
	if err != nil {
		return err
	}
	defer closing(a, &err)
	environments, err := a.Environments(ctx)
	if err != nil {
		return err
	}
	if p.json {
		if environments == nil {
			environments = []app.EnvironmentFacts{}
		}
		return p.answer(environments)
	}
	if len(environments) == 0 {
		p.printf("No environments. One begins with its first use: larder run --env NAME\n")
	}
	for _, e := range environments {
		p.printf("%s  by %s, used %s, expires %s\n", p.paint(strong, e.Name), e.By, day(e.Used), day(e.Expires))
		p.printf("  %s of its own%s\n", plural(len(e.Datasets), "dataset"), colon(list(e.Datasets)))
	}
	return nil
}

func day(at time.Time) string { return at.Local().Format(time.DateOnly) }

func colon(text string) string {
	if text == "" {
		return ""
	}
	return ": " + text
}

func (p *program) dropEnvironments(ctx context.Context, names []string) (err error) {
	a, err := p.connect(ctx)
	if err != nil {
		return err
	}
	defer closing(a, &err)
	for _, name := range names {
		dropped, err := a.DropEnvironment(ctx, name)
		if err != nil {
			return err
		}
		p.say("Dropped %s%s\n", name, colon(list(dropped)))
	}
	return nil
}

// dropExpired removes environments nobody uses any more, and says so.
func (p *program) dropExpired(ctx context.Context, a *app.App) error {
	gone, err := a.DropExpired(ctx)
	if len(gone) > 0 {
		p.say("%s dropped what nobody used for two weeks: %s\n", p.paint(warn, "note:"), strings.Join(gone, ", "))
	}
	return err
}

func (p *program) promoteCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "promote --env NAME",
		Short: "Publish to production what an environment has built and checked",
		Long: `Publishes what an environment built to production without computing it again:
all its tables in one atomic act, then its views. Nothing is promoted when
production moved meanwhile, or when the environment is not up to date.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			a, err := p.connect(cmd.Context())
			if err != nil {
				return err
			}
			defer closing(a, &err)
			promotion, err := a.Promote(cmd.Context())
			if err != nil {
				return err
			}
			if p.json {
				return p.answer(promotion)
			}
			if len(promotion.Datasets) == 0 {
				p.printf("Nothing to promote: %s reads everything from production.\n", p.env)
				return nil
			}
			p.printf("Promoted %s\n", list(promotion.Datasets))
			return nil
		},
	}
}
