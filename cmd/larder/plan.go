package main

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/larder-data/larder/internal/app"
	"github.com/larder-data/larder/internal/build"
)

// selection is the flags that say which datasets are meant.
type selection struct{ picked, excluded []string }

func (s *selection) flags(cmd *cobra.Command) {
	cmd.Flags().StringArrayVarP(&s.picked, "select", "s", nil,
		"datasets to take: name, +name, name+, finance.*, layer:marts, owner:x, tag:x, source:x, path/; a comma takes what both name; repeat for more")
	cmd.Flags().StringArrayVar(&s.excluded, "exclude", nil, "datasets to leave out, said the same way")
}

func (p *program) planCommand() *cobra.Command {
	var which selection
	var full, all bool
	cmd := &cobra.Command{
		Use:   "plan",
		Short: "Show what a run would do, and why",
		Long: `Compares the project with what was built and with what sources offer, and lists
each step with its reason: new, SQL changed, input changed, new data, checks
changed, failed before, never finished, asked for. Changes nothing.`,
		Example: `  larder plan
  larder plan --select +finance.net_sales_daily
  larder plan --env ada --all`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			a, err := p.connect(cmd.Context())
			if err != nil {
				return err
			}
			defer closing(a, &err)
			plan, err := a.Plan(cmd.Context(), app.Request{Select: which.picked, Exclude: which.excluded, Full: full})
			if err != nil {
				return err
			}
			return p.showPlan(plan, all)
		},
	}
	which.flags(cmd)
	cmd.Flags().BoolVar(&full, "full", false, "rebuild the selected models even when nothing changed")
	cmd.Flags().BoolVar(&all, "all", false, "list what stays as it is, too")
	return cmd
}

func (p *program) showPlan(plan build.Plan, all bool) error {
	if p.json {
		return p.answer(plan)
	}
	wide := 0
	for _, s := range plan.Steps {
		wide = max(wide, len(s.Dataset))
	}
	for _, s := range plan.Steps {
		p.printf("  %s  %s%s  %s\n", p.paint(strong, pad(string(s.Action), 6)), s.Dataset,
			strings.Repeat(" ", wide-len(s.Dataset)), p.paint(faint, s.Why()))
	}
	if all {
		for _, d := range plan.Kept {
			p.printf("  %s  %s\n", p.paint(faint, pad("keep", 6)), d)
		}
	}
	for _, d := range plan.Gone {
		p.printf("  %s  %s  %s\n", pad("leave", 6), d, p.paint(faint, "published, but no longer in the project"))
	}
	p.showHeld(plan.Held)
	if len(plan.Steps) == 0 {
		p.nothingToDo(plan)
		return nil
	}
	p.printf("\n%s.\n", plan.Describe())
	return nil
}

func pad(text string, width int) string {
	return text + strings.Repeat(" ", max(0, width-len(text)))
}
