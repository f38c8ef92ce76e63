package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/larder-data/larder/internal/app"
	"github.com/larder-data/larder/internal/compile"
	"github.com/larder-data/larder/internal/fault"
)

func (p *program) validateCommand() *cobra.Command {
	var portable string
	cmd := &cobra.Command{
		Use:   "validate",
		Short: "Find everything wrong with the project that can be known without data",
		Long: `Reads every file, binds every model against empty tables and every check against
the models, and reports all errors at once: unknown keys, tables and columns,
type clashes, cycles, duplicate datasets, floats used as money, and SQL that the
engine of any target refuses. Touches neither warehouse nor data, except that a
warehouse is asked for the columns of tables other tools land in it.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			a, err := p.load(cmd.Context())
			if err == nil {
				defer closing(a, &err)
				err = a.Doubts()
			}
			if err != nil {
				if p.json {
					return errors.Join(p.answer(map[string]any{"valid": false, "errors": problems(err)}), &toldError{exitCode(err)})
				}
				return err
			}
			warnings := a.Warnings()
			if portable != "" {
				return p.showPortability(cmd.Context(), a, portable)
			}
			if p.json {
				return p.answer(map[string]any{
					"valid": true, "project": a.Project.Name, "sources": len(a.Project.Sources),
					"models": len(a.Project.Models), "checks": len(a.Project.Checks), "warnings": warningsOf(warnings),
				})
			}
			for _, w := range warnings {
				p.warning(w)
			}
			tables := 0
			for _, s := range a.Project.Sources {
				tables += len(s.Tables)
			}
			if tables+len(a.Project.Models) == 0 {
				p.say("%s put a source into sources/ and a model into models/; larder init in an empty folder shows how\n", p.paint(good, "hint:"))
			}
			p.printf("%s %s: %s, %s, %s\n", p.paint(good, "valid"), a.Project.Name,
				plural(tables, "lake table"), plural(len(a.Project.Models), "model"), plural(len(a.Project.Checks), "check"))
			return nil
		},
	}
	cmd.Flags().StringVar(&portable, "portable", "", "tell what in the models another engine refuses or understands otherwise: postgres")
	return cmd
}

// showPortability tells what keeps the models from another engine. What it would
// refuse makes the project invalid for it; what it understands otherwise is for
// a person to judge.
func (p *program) showPortability(ctx context.Context, a *app.App, engine string) error {
	findings, err := a.Portability(ctx, engine)
	if err != nil {
		return err
	}
	breaks := 0
	told := make([]problem, 0, len(findings))
	for _, f := range findings {
		e := f.Fault()
		told = append(told, problem{Kind: string(f.Severity), Message: e.Error(), Where: e.Where, Hint: e.Hint})
		if f.Severity == compile.Breaks {
			breaks++
		}
		if !p.json {
			p.printf("%s\n", e)
			if e.Hint != "" {
				p.printf("  %s %s\n", p.paint(good, "hint:"), e.Hint)
			}
		}
	}
	if p.json {
		err = p.answer(told)
	} else {
		p.printf("%s for %s: %s would be refused, %s may differ\n", a.Project.Name, engine, number(int64(breaks)), number(int64(len(findings)-breaks)))
	}
	if err == nil && breaks > 0 {
		err = &toldError{exitInvalid}
	}
	return err
}

func warningsOf(warnings fault.List) []problem {
	if len(warnings) == 0 {
		return []problem{}
	}
	return problems(warnings)
}

// warning shows something worth knowing that stops nothing.
func (p *program) warning(e *fault.Error) {
	p.say("%s %s\n", p.paint(warn, "warning:"), e)
	if e.Hint != "" {
		p.say("  %s %s\n", p.paint(good, "hint:"), e.Hint)
	}
}
