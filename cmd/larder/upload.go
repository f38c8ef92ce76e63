package main

import (
	"bufio"
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/larder-data/larder/internal/app"
	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/state"
)

// uploadFlags say what is asked of larder upload.
type uploadFlags struct {
	reason       string
	yes, unusual bool
	dryRun       bool
}

func (p *program) uploadCommand() *cobra.Command {
	var flags uploadFlags
	cmd := &cobra.Command{
		Use:   "upload DATASET FILE",
		Short: "Bring a file by hand: look at what it changes, then confirm",
		Long: `Reads a file for a lake table and shows what it would change before anything is
loaded: its first rows, how many rows come and go, which windows it replaces,
what the table's checks say of the table as it would be, and what is unusual,
such as a sum a thousand times that of any load before, or rows that are there
already. Nothing happens until it is confirmed: with y, or with --yes. What is
unusual is confirmed by name, or with --unusual. A file a blocking check holds is
not taken. Who brought it, when and why stands beside the load, and
"larder loads undo" takes it back.`,
		Example: `  larder upload lake.budget_spend november.xlsx --reason "agency report of November"
  larder upload lake.budget_spend november.csv --dry-run
  larder upload lake.budget_spend november.csv --yes --json`,
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			a, err := p.connect(cmd.Context())
			if err != nil {
				return err
			}
			defer closing(a, &err)
			return p.upload(cmd.Context(), a, args[0], args[1], flags)
		},
	}
	cmd.Flags().StringVar(&flags.reason, "reason", "", "where the file comes from; stands beside the load")
	cmd.Flags().BoolVarP(&flags.yes, "yes", "y", false, "take it without asking, unless something is unusual")
	cmd.Flags().BoolVar(&flags.unusual, "unusual", false, "with --yes: take it although something is unusual")
	cmd.Flags().BoolVar(&flags.dryRun, "dry-run", false, "only look")
	return cmd
}

func (p *program) upload(ctx context.Context, a *app.App, dataset, file string, flags uploadFlags) (err error) {
	u, err := a.PreviewUpload(ctx, dataset, file, flags.reason)
	if err != nil {
		return err
	}
	defer func() {
		if closed := u.Close(ctx); err == nil {
			err = closed
		}
	}()
	if p.json && (flags.dryRun || u.Known != nil || u.Held != "") {
		if err := p.answer(u); err != nil {
			return err
		}
		return heldUpload(u)
	}
	p.showUpload(u)
	switch {
	case u.Known != nil:
		return nil
	case u.Held != "":
		return heldUpload(u)
	case flags.dryRun:
		p.say("nothing was loaded\n")
		return nil
	}
	if err := p.confirmed(u, flags); err != nil {
		return err
	}
	plan, err := u.Confirm(ctx)
	if err != nil {
		return err
	}
	return p.execute(ctx, a, plan, app.RunOptions{Command: "upload"})
}

// heldUpload is what a file a check stands in the way of ends with.
func heldUpload(u *app.Upload) error {
	if u.Held == "" {
		return nil
	}
	return fault.New(fault.Held, "%s was not taken: %s", u.File, u.Held).WithHint("mend the file and bring it again; nothing was loaded")
}

// confirmed asks the person, unless the flags answer.
func (p *program) confirmed(u *app.Upload, flags uploadFlags) error {
	refused := func(why string) error {
		return fault.New(fault.Interrupted, "%s: nothing was loaded", why)
	}
	if flags.yes {
		if len(u.Unusual) > 0 && !flags.unusual {
			return fault.New(fault.Held, "%s was not taken: %s", u.File, strings.Join(u.Unusual, "; ")).
				WithHint("when that is right, say so with --unusual; nothing was loaded")
		}
		return nil
	}
	want, question := "y", fmt.Sprintf("Load %s into %s? [y/N] ", rows(u.Rows), u.Dataset)
	if len(u.Unusual) > 0 {
		want, question = u.Dataset, "This is unusual. To load it all the same, type the table's name: "
	}
	fmt.Fprint(p.err, question)
	line, err := bufio.NewReader(p.in).ReadString('\n')
	if err != nil && line == "" {
		return fault.New(fault.Invalid, "nobody is there to confirm: nothing was loaded").WithHint("without a terminal, confirm with --yes")
	}
	if answer := strings.TrimSpace(line); !strings.EqualFold(answer, want) {
		return refused("not confirmed")
	}
	return nil
}

func (p *program) showUpload(u *app.Upload) {
	if p.json {
		return
	}
	if u.Known != nil {
		p.printf("%s is loaded already: load %s of %s, by %s. Nothing to do.\n", u.File, u.Known.ID, u.Known.LoadedAt.Local().Format("2006-01-02 15:04"), u.Known.Actor)
		return
	}
	p.printf("%s brings %s to %s", p.paint(strong, u.File), rows(u.Rows), p.paint(strong, u.Dataset))
	if u.Left > 0 {
		p.printf(", %s cannot be read", rows(u.Left))
	}
	p.printf("\n\n%s\n\n", p.grid(u.Sample, "  "))
	p.printf("  The table has %s and would have %s", rows(u.Before), rows(u.After))
	if u.Leaving > 0 {
		p.printf("; %s are replaced", rows(u.Leaving))
	}
	p.printf(".\n")
	for _, w := range u.Windows {
		p.printf("  %s: %s, would have %s\n", w.Value, rows(w.Before), rows(w.After))
	}
	for _, note := range u.Notes {
		p.printf("  %s\n", note)
	}
	for _, r := range u.Checks {
		if r.Status != state.Pass && r.Status != state.Learning {
			p.showResult(r)
		}
	}
	for _, text := range u.Unusual {
		p.printf("  %s %s\n", p.paint(warn, "unusual:"), text)
	}
	p.printf("\n")
}
