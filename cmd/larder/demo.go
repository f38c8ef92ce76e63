package main

import (
	"context"
	"io"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/larder-data/larder/examples/shop"
	"github.com/larder-data/larder/internal/app"
	"github.com/larder-data/larder/internal/build"
	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/state"
	"github.com/larder-data/larder/internal/table"
)

func (p *program) demoCommand() *cobra.Command {
	var options shop.Options
	var serve bool
	cmd := &cobra.Command{
		Use:   "demo [DIR | --serve-vendors [ADDR]]",
		Short: "A whole shop in a folder: simulated, landed, built, checked - and what happens when one row is wrong",
		Long: `Writes the example project "shop" into DIR (default larder-shop) as plain files to
keep and edit, simulates a grocery membership shop, lands and builds everything,
then breaks one raw row to show what Larder is about.

With --serve-vendors nothing is written: the same shop's vendors answer over HTTP
instead, on ADDR (default 127.0.0.1:8025), with their keys and their rate limits,
until Ctrl-C. Sources can be written and tried against them without an account;
VENDORS.md in a demo's folder documents their APIs.`,
		Args: cobra.MaximumNArgs(1),
		Example: `  larder demo
  larder demo --serve-vendors
  larder demo --serve-vendors 127.0.0.1:9000 --days 46`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if serve {
				return p.serveVendors(cmd.Context(), args, options)
			}
			dir := "larder-shop"
			if len(args) == 1 {
				dir = args[0]
			}
			d := demo{program: p, dir: dir, options: options}
			return d.play(cmd.Context())
		},
	}
	cmd.Flags().IntVar(&options.Days, "days", 45, "days to simulate")
	cmd.Flags().Uint64Var(&options.Seed, "seed", 0, "another shop: the same seed is the same shop to the byte")
	cmd.Flags().Float64Var(&options.Scale, "scale", 1, "size of the shop; 1 is some 85 orders a day")
	cmd.Flags().BoolVar(&serve, "serve-vendors", false, "serve the shop's vendors' APIs instead, until Ctrl-C")
	return cmd
}

// demo is one performance.
type demo struct {
	*program
	dir     string
	options shop.Options
}

func (d *demo) play(ctx context.Context) error {
	started := time.Now()
	if d.json { // the story is for people; a program wants to know what there is
		t := *d.terminal
		t.out, t.json, t.quiet = io.Discard, false, true
		p := *d.program
		p.terminal = &t
		told := demo{program: &p, dir: d.dir, options: d.options}
		if err := told.play(ctx); err != nil {
			return err
		}
		return d.answer(map[string]any{"project": d.dir, "took_ns": time.Since(started)})
	}
	if err := shop.Write(d.dir); err != nil {
		return err
	}
	summary, err := shop.Simulate(d.dir, d.options)
	if err != nil {
		return err
	}
	d.printf("%s\n", d.paint(strong, "1. A shop"))
	d.printf("  %s days (%s to %s), %s orders, %s members; net sales %s GBP.\n", number(int64(summary.Days)), summary.First, summary.Last,
		number(int64(summary.Orders)), number(int64(summary.Members)), shop.Money(summary.NetSales))
	d.printf("  Its systems dropped %s files with %s rows into %s.\n\n", number(int64(summary.Files)), number(summary.Rows), filepath.Join(d.dir, "data"))

	d.printf("%s\n", d.paint(strong, "2. Landed, built, checked, published"))
	report, err := d.run(ctx, nil)
	if err != nil {
		return err
	}
	if err := outcomeError(report); err != nil {
		return err
	}
	if err := d.sales(ctx); err != nil {
		return err
	}
	if err := d.story(ctx); err != nil {
		return err
	}
	d.printf("Done in %s. The project is yours: look around, change it, run it again.\n\n", took(time.Since(started)))
	d.printf("  cd %s\n", d.dir)
	for _, next := range []string{
		"larder show finance.net_sales_daily",
		"larder lineage finance.net_sales_daily.net_sales --up",
		`larder query "select * from marketing.funnel_daily order by 1 desc limit 7"`,
	} {
		d.printf("  %s\n", next)
	}
	return nil
}

// run runs the project and shows how it went in short.
func (d *demo) run(ctx context.Context, show func(*app.App, build.Report)) (report build.Report, err error) {
	a, err := app.Load(ctx, app.Options{Dir: d.dir, Version: version()})
	if err != nil {
		return build.Report{}, err
	}
	defer closing(a, &err)
	if err := a.Connect(ctx); err != nil {
		return build.Report{}, err
	}
	plan, err := a.Plan(ctx, app.Request{})
	if err != nil {
		return build.Report{}, err
	}
	report, err = a.Run(ctx, plan, app.RunOptions{Command: "demo"})
	if err != nil {
		return report, err
	}
	if show == nil {
		show = d.showReport
	}
	show(a, report)
	return report, a.Close()
}

// sales shows the newest days of the first mart.
func (d *demo) sales(ctx context.Context) (err error) {
	a, err := app.Load(ctx, app.Options{Dir: d.dir, Version: version()})
	if err != nil {
		return err
	}
	defer closing(a, &err)
	answer, err := a.Query(ctx, "select * from finance.net_sales_daily order by 1 desc limit 5", time.Minute)
	if err != nil {
		return err
	}
	defer answer.Close()
	rows, err := answer.Rows(ctx)
	if err != nil {
		return err
	}
	defer rows.Close()
	batch := table.Batch{Columns: rows.Columns()}
	for rows.Next() {
		batch.Rows = append(batch.Rows, append([]any(nil), rows.Scan()...))
	}
	d.printf("\n  finance.net_sales_daily\n%s\n", d.grid(batch, "  "))
	return rows.Err()
}

// story breaks a raw row, shows what that does, and mends it.
func (d *demo) story(ctx context.Context) error {
	broken, err := shop.Break(d.dir)
	if err != nil {
		return err
	}
	d.printf("%s\n", d.paint(strong, "3. One raw row goes wrong"))
	d.printf("  %s\n", broken)
	held, err := d.run(ctx, nil)
	if err != nil {
		return err
	}
	if !hasHeld(held) {
		return fault.New(fault.Internal, "the demo's broken row was not noticed")
	}
	d.printf("\n%s\n", d.paint(strong, "4. The row is mended, and everything that waited publishes"))
	if err := broken.Mend(); err != nil {
		return err
	}
	report, err := d.run(ctx, nil)
	if err != nil {
		return err
	}
	d.printf("\n")
	return outcomeError(report)
}

func hasHeld(report build.Report) bool {
	for _, s := range report.Steps {
		if s.Outcome == state.HeldBack {
			return true
		}
	}
	return false
}
