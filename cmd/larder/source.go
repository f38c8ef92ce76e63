package main

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/larder-data/larder/internal/ingest"
)

func (p *program) sourceCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "source",
		Short: "Describe a new source, or try one before anything is loaded",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(p.addSourceCommand(), &cobra.Command{
		Use:   "test SOURCE|DATASET",
		Short: "Connect, read the first rows, and show the columns they have",
		Long: `Connects to a source and reads the first records of each of its tables as they
would be loaded: the columns, with the types declared or found out, and five rows,
personal columns hidden. Nothing is put into the lake.`,
		Example: `  larder source test erp
  larder source test lake.erp_invoices --json`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			a, err := p.load(cmd.Context())
			if err != nil {
				return err
			}
			defer closing(a, &err)
			tried, err := a.TrySource(cmd.Context(), args[0])
			if p.json && err == nil {
				return p.answer(tried)
			}
			for _, t := range tried {
				p.showTried(t)
			}
			return err
		},
	})
	return cmd
}

func (p *program) showTried(t ingest.Tried) {
	p.printf("%s  from %s", p.paint(strong, t.Dataset), t.From)
	if t.Offers > 1 {
		p.printf(", one of %s files", number(int64(t.Offers)))
	}
	p.printf("\n")
	wide := 0
	for _, c := range t.Columns {
		wide = max(wide, len(c.Name))
	}
	for _, c := range t.Columns {
		p.printf("  %s  %s\n", pad(c.Name, wide), strings.ToLower(c.Type.String()))
	}
	if len(t.Sample.Rows) > 0 {
		p.printf("\n%s\n", p.grid(t.Sample, "  "))
	}
	for _, note := range t.Notes {
		p.printf("  %s\n", note)
	}
	p.printf("\n")
}
