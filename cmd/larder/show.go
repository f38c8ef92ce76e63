package main

import (
	"time"

	"github.com/spf13/cobra"

	"github.com/larder-data/larder/internal/app"
)

func (p *program) showCommand() *cobra.Command {
	var sql bool
	cmd := &cobra.Command{
		Use:   "show DATASET",
		Short: "Describe a dataset: columns, owner, where it comes from, how its checks went",
		Example: `  larder show finance.net_sales_daily
  larder show finance.net_sales_daily --sql`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			a, err := p.load(cmd.Context())
			if err != nil {
				return err
			}
			defer closing(a, &err)
			if sql {
				text, err := a.RunnableSQL(cmd.Context(), args[0])
				if err != nil {
					return err
				}
				p.printf("%s\n", text)
				return nil
			}
			d, err := a.Describe(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			if p.json {
				return p.answer(d)
			}
			p.describe(d)
			return nil
		},
	}
	cmd.Flags().BoolVar(&sql, "sql", false, "print the SQL that would be run, parameters filled in")
	return cmd
}

func (p *program) describe(d app.Description) {
	p.printf("%s", p.paint(strong, d.Dataset))
	if d.Description != "" {
		p.printf(" - %s", d.Description)
	}
	p.printf("\n")
	field := func(name, value string) {
		if value != "" {
			p.printf("  %s %s\n", p.paint(faint, pad(name, 10)), value)
		}
	}
	field("layer", d.Layer)
	field("owner", d.Owner)
	field("file", d.File)
	field("grain", list(d.Grain))
	field("from", list(d.DependsOn))
	field("used by", list(d.UsedBy))
	if d.Published == nil {
		field("published", "never")
	} else {
		field("published", d.Published.At.Local().Format("2006-01-02 15:04:05")+", version "+number(d.Published.Version)+", "+rows(d.Published.Rows)+rejectedRows(d.Published.Rejected, d.Dataset))
		field("run", d.Published.Run)
	}
	if d.Trouble != "" {
		field("trouble", p.paint(bad, d.Trouble))
	}
	if d.Held != "" {
		field("held", p.paint(warn, d.Held))
	}
	wideName, wideType := 0, 0
	for _, c := range d.Columns {
		wideName, wideType = max(wideName, len(c.Name)), max(wideType, len(c.Type.String()))
	}
	p.printf("\n")
	for _, c := range d.Columns {
		p.printf("  %s  %s  %s", pad(c.Name, wideName), p.paint(faint, pad(c.Type.String(), wideType)), c.Description)
		if c.Unit != "" {
			p.printf(" [%s]", c.Unit)
		}
		if c.Personal != "" {
			p.printf(" %s", p.paint(warn, "personal: "+c.Personal))
		}
		p.printf("\n")
	}
	if len(d.Checks) == 0 {
		return
	}
	p.printf("\n")
	for _, c := range d.Checks {
		last := "not evaluated yet"
		if c.Last != nil {
			last = string(c.Last.Status) + " " + c.Last.At.Local().Format(time.DateTime) + "  " + c.Last.Message
		}
		p.printf("  %s  %s\n", c.Name, p.paint(faint, c.Rule))
		p.printf("      %s\n", last)
	}
}
