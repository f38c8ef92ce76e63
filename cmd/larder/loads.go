package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/larder-data/larder/internal/app"
	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/lake"
)

func (p *program) loadsCommand() *cobra.Command {
	var limit int
	cmd := &cobra.Command{
		Use:   "loads [SOURCE|DATASET]",
		Short: "What arrived in the lake: each load with its rows, schema, proof and state",
		Long: `Lists the loads of a source or of one lake table, the newest last: when it came,
what it was named by its source, its rows, how many could not be read, which of
its table's schemas it has, how it is known to be complete, and what became of
it. A load is never changed: one that is wrong is superseded by a corrected one,
or undone.`,
		Example: `  larder loads
  larder loads erp -n 50
  larder loads lake.erp_invoices --json
  larder loads undo 0000000042-1f9c03ab --reason "the supplier sent last year's file"`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			a, err := p.connect(cmd.Context())
			if err != nil {
				return err
			}
			defer closing(a, &err)
			loads, err := a.Loads(cmd.Context(), strings.Join(args, ""))
			if err != nil {
				return err
			}
			if limit > 0 && len(loads) > limit {
				loads = loads[len(loads)-limit:]
			}
			return p.showLoads(loads)
		},
	}
	cmd.Flags().IntVarP(&limit, "limit", "n", 20, "how many loads, the newest; 0 is all")
	cmd.AddCommand(p.undoCommand())
	return cmd
}

func (p *program) undoCommand() *cobra.Command {
	var reason string
	var later bool
	cmd := &cobra.Command{
		Use:   "undo LOAD --reason TEXT",
		Short: "Take a load back: what it replaced counts again",
		Long: `Makes what a load replaced count again, as a new load that says who undid what
and why; a load that replaced nothing leaves its table. The load itself stays in
the archive, and the same file or records do not come back by themselves: bring
a corrected one. What is made from the table is built again, checked as ever.`,
		Example: `  larder loads undo 0000000042-1f9c03ab --reason "the supplier sent last year's file"`,
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			if strings.TrimSpace(reason) == "" {
				return fault.New(fault.Invalid, "say why with --reason").WithHint("it stands beside the load from then on")
			}
			a, err := p.connect(cmd.Context())
			if err != nil {
				return err
			}
			defer closing(a, &err)
			undo, plan, err := a.UndoLoad(cmd.Context(), args[0], reason)
			if err != nil {
				return err
			}
			if later {
				if p.json {
					return p.answer(undo)
				}
				p.printf("%s of %s is undone by load %s; the next run brings it to the warehouse.\n", args[0], undo.Dataset, undo.ID)
				return nil
			}
			if !p.json {
				p.printf("%s of %s is undone by load %s.\n", args[0], undo.Dataset, undo.ID)
			}
			return p.execute(cmd.Context(), a, plan, app.RunOptions{Command: "loads undo"})
		},
	}
	cmd.Flags().StringVar(&reason, "reason", "", "why it is wrong")
	cmd.Flags().BoolVar(&later, "later", false, "only note it: the next run brings it to the warehouse")
	return cmd
}

func (p *program) showLoads(loads []app.PastLoad) error {
	if p.json {
		return p.answer(loads)
	}
	if len(loads) == 0 {
		p.printf("Nothing has been loaded yet. Start with: larder run\n")
		return nil
	}
	dataset := 0
	for _, l := range loads {
		dataset = max(dataset, len(l.Dataset))
	}
	for _, l := range loads {
		p.printf("%s  %s  %s  %s  %s  %s  schema %d  %s  %s%s\n", p.paint(strong, l.ID), l.LoadedAt.Local().Format("2006-01-02 15:04:05"),
			pad(l.Dataset, dataset), pad(rows(l.Rows), 14), pad(bytesOf(l.Size), 8), pad(took(l.Took), 7), l.Schema,
			p.loadState(l), l.File, p.paint(faint, aside(l)))
	}
	return nil
}

func (p *program) loadState(l app.PastLoad) string {
	switch {
	case l.State == lake.Undone:
		return p.paint(warn, pad("undone", 10))
	case l.State == lake.Current && !l.Landed:
		return p.paint(warn, pad("waits", 10))
	case l.State == lake.Current:
		return p.paint(good, pad("current", 10))
	default:
		return p.paint(faint, pad(string(l.State), 10))
	}
}

// aside is what else is worth telling of a load.
func aside(l app.PastLoad) string {
	var parts []string
	add := func(format string, args ...any) { parts = append(parts, fmt.Sprintf(format, args...)) }
	if l.Window != "" && l.Window != l.File {
		add("window %s", l.Window)
	}
	if l.Quarantined > 0 {
		add("%s in quarantine", rows(l.Quarantined))
	}
	switch l.Completeness.By {
	case "":
	case lake.Unproven:
		add("completeness: unproven")
	default:
		add("complete by %s", l.Completeness.By)
	}
	if l.Undoes != "" {
		add("undoes %s: %s (%s)", l.Undoes, l.Reason, l.Actor)
	} else if l.Actor != "" {
		add("%s", strings.TrimSuffix("by "+l.Actor+": "+l.Reason, ": "))
	}
	if l.By != "" {
		add("%s by %s", l.State, l.By)
	}
	if l.SameAs != "" {
		add("same bytes as %s", l.SameAs)
	}
	if len(parts) == 0 {
		return ""
	}
	return "  " + strings.Join(parts, "; ")
}

// bytesOf tells a size as people do.
func bytesOf(n int64) string {
	switch {
	case n < 1000:
		return fmt.Sprintf("%d B", n)
	case n < 1000_000:
		return fmt.Sprintf("%.1f kB", float64(n)/1e3)
	case n < 1000_000_000:
		return fmt.Sprintf("%.1f MB", float64(n)/1e6)
	default:
		return fmt.Sprintf("%.1f GB", float64(n)/1e9)
	}
}
