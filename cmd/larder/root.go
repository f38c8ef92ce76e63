package main

import (
	"context"
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"github.com/larder-data/larder/internal/app"
	"github.com/larder-data/larder/internal/fault"
)

// program is the command line being run.
type program struct {
	*terminal
	root    *cobra.Command
	dir     string
	target  string
	env     string
	noColor bool
}

const exitHelp = `Exit codes:
  0    everything asked for is done and published
  1    a blocking check failed, or a build was held
  2    the project, a flag or a name is wrong
  3    the outside world failed: disk, lock, network, database
  130  interrupted
`

// command builds the command tree.
func command(t *terminal) *program {
	p := &program{terminal: t}
	p.root = &cobra.Command{
		Use:   "larder",
		Short: "From raw data to checked, published numbers, in one binary",
		Long: `Larder lands raw data in a lake, builds warehouse and marts from SQL, checks
every layer before anyone sees a number, and says what happened and why.

Start with:  larder demo
`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.NoArgs,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		PersistentPreRun: func(*cobra.Command, []string) {
			if p.noColor {
				p.color = false
			}
		},
	}
	p.root.SetUsageTemplate(p.root.UsageTemplate() + "\n" + exitHelp)
	p.root.SetOut(t.out)
	p.root.SetErr(t.err)
	p.root.SetIn(t.in)
	p.root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return fault.New(fault.Invalid, "%w", err).WithHint("see: %s --help", cmd.CommandPath())
	})
	flags := p.root.PersistentFlags()
	flags.StringVarP(&p.dir, "project", "C", "", "the project's folder (default: the nearest one with a larder.yml, from here upwards)")
	flags.StringVar(&p.target, "target", "", "the warehouse to use, of those in larder.yml")
	flags.StringVar(&p.env, "env", "", "the environment to work in (default: production)")
	flags.BoolVar(&t.json, "json", false, "answer in JSON")
	flags.BoolVarP(&t.quiet, "quiet", "q", false, "only answers and errors, no progress")
	flags.BoolVar(&p.noColor, "no-color", false, "no colours (also: NO_COLOR)")
	p.root.CompletionOptions.HiddenDefaultCmd = false
	p.root.AddCommand(
		p.initCommand(), p.demoCommand(), p.validateCommand(), p.planCommand(), p.runCommand(),
		p.checkCommand(), p.testCommand(), p.showCommand(), p.lineageCommand(), p.queryCommand(), p.historyCommand(),
		p.sourceCommand(), p.loadsCommand(), p.uploadCommand(), p.envCommand(), p.promoteCommand(), p.acceptCommand(), p.rollbackCommand(),
		p.schemasCommand(), p.versionCommand(),
	)
	return p
}

func (p *program) run(ctx context.Context, args []string) error {
	p.root.SetArgs(args)
	err := p.root.ExecuteContext(ctx)
	var known *fault.Error
	var list fault.List
	var told *toldError
	if err == nil || errors.As(err, &told) || errors.As(err, &known) || errors.As(err, &list) {
		return err
	}
	// What cobra itself says is about the arguments.
	return fault.New(fault.Invalid, "%s", strings.ReplaceAll(err.Error(), "\n\n", "\n")).WithHint("see: larder --help")
}

// load reads and compiles the project the flags name.
func (p *program) load(ctx context.Context) (*app.App, error) {
	return app.Load(ctx, app.Options{Dir: p.dir, Target: p.target, Env: p.env, Version: version()})
}

// connect is load, and opens the warehouse and the ledger.
func (p *program) connect(ctx context.Context) (*app.App, error) {
	a, err := p.load(ctx)
	if err != nil {
		return nil, err
	}
	if err := a.Connect(ctx); err != nil {
		return nil, errors.Join(err, a.Close())
	}
	for _, notice := range a.Notices() {
		p.say("%s %s\n", p.paint(warn, "note:"), notice)
	}
	return a, nil
}

// closing closes what a command had open, and tells when that fails: a
// checkpoint may find the disk full.
func closing(a *app.App, err *error) {
	if closed := a.Close(); *err == nil {
		*err = closed
	}
}
