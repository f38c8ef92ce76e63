package main

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/larder-data/larder/internal/fault"
)

func (p *program) validateCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "validate",
		Short: "Find everything wrong with the project that can be known without data",
		Long: `Reads every file, binds every model against empty tables and every check against
the models, and reports all errors at once: unknown keys, tables and columns,
type clashes, cycles, duplicate datasets, floats used as money. Touches neither
warehouse nor data.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			a, err := p.load(cmd.Context())
			if err != nil {
				if p.json {
					return errors.Join(p.answer(map[string]any{"valid": false, "errors": problems(err)}), &toldError{exitCode(err)})
				}
				return err
			}
			defer closing(a, &err)
			warnings := a.Warnings()
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
			p.printf("%s %s: %s, %s, %s\n", p.paint(good, "valid"), a.Project.Name,
				plural(tables, "lake table"), plural(len(a.Project.Models), "model"), plural(len(a.Project.Checks), "check"))
			return nil
		},
	}
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
