package shop

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/larder-data/larder/internal/app"
	"github.com/larder-data/larder/internal/state"
	"github.com/larder-data/larder/internal/table"
)

// larder is a shop's folder in the hands of the program: loaded, landed,
// built, checked and published as larder run does it.
type larder struct {
	t   testing.TB
	dir string
	now time.Time
}

// ran is how a run went, in words.
type ran struct {
	planned, held, waiting []string
	failing                []string // "dataset check: status", those that did not pass
}

func (p larder) open() *app.App {
	p.t.Helper()
	a, err := app.Load(p.t.Context(), app.Options{Dir: p.dir, Version: "test", Now: func() time.Time { return p.now }})
	if err != nil {
		p.t.Fatal(err)
	}
	return a
}

func (p larder) run() (out ran) {
	p.t.Helper()
	a := p.open()
	defer func() {
		if err := a.Close(); err != nil {
			p.t.Error(err)
		}
	}()
	if err := a.Connect(p.t.Context()); err != nil {
		p.t.Fatal(err)
	}
	plan, err := a.Plan(p.t.Context(), app.Request{})
	if err != nil {
		p.t.Fatal(err)
	}
	report, err := a.Run(p.t.Context(), plan, app.RunOptions{Command: "test"})
	if err != nil {
		p.t.Fatal(err)
	}
	for _, s := range plan.Steps {
		out.planned = append(out.planned, s.Dataset)
	}
	for _, s := range report.Steps {
		switch s.Outcome {
		case state.Done:
		case state.HeldBack:
			out.held = append(out.held, s.Dataset)
		case state.Blocked:
			out.waiting = append(out.waiting, s.Dataset)
		default:
			p.t.Errorf("%s %s: %s", s.Dataset, s.Outcome, s.Error)
		}
	}
	for _, r := range report.Results {
		if r.Status != state.Pass {
			out.failing = append(out.failing, r.Dataset+" "+r.Check+": "+string(r.Status))
		}
	}
	slices.Sort(out.waiting)
	return out
}

// rows is what a reader of the published warehouse sees, in the duck's words.
func (p larder) rows(query string) []string {
	p.t.Helper()
	a := p.open()
	defer a.Close()
	answer, err := a.Query(p.t.Context(), query, 0)
	if err != nil {
		p.t.Fatal(err)
	}
	defer answer.Close()
	rows, err := answer.Rows(p.t.Context())
	if err != nil {
		p.t.Fatalf("%v in\n%s", err, query)
	}
	defer rows.Close()
	var all []string
	for rows.Next() {
		var fields []string
		for i, v := range rows.Scan() {
			fields = append(fields, table.Format(v, rows.Columns()[i].Type))
		}
		all = append(all, strings.Join(fields, " "))
	}
	if err := rows.Err(); err != nil {
		p.t.Fatal(err)
	}
	return all
}

// TestDemoThroughTheProduct is the demo as a user has it: four months to the
// penny, a morning with one wrong row, and the row put right.
func TestDemoThroughTheProduct(t *testing.T) {
	p := larder{t, t.TempDir(), time.Date(2025, 5, 1, 6, 0, 0, 0, time.UTC)}
	if err := Write(p.dir); err != nil {
		t.Fatal(err)
	}
	truth := simulate(t, p.dir, Options{})
	first := p.run()
	if len(first.held)+len(first.waiting)+len(first.failing) > 0 || len(first.planned) < 40 {
		t.Fatalf("%+v", first)
	}
	t.Run("truth", func(t *testing.T) { compare(t, p, truth) })
	if again := p.run(); len(again.planned) > 0 {
		t.Errorf("nothing arrived, and yet %v", again.planned)
	}

	p.now = p.now.AddDate(0, 0, 1)
	next := simulate(t, p.dir, Options{Days: 121})
	broken, err := Break(p.dir)
	if err != nil {
		t.Fatal(err)
	}
	morning := p.run()
	if diff := cmp.Diff([]string{broken.Dataset}, morning.held); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{broken.Dataset + " " + broken.Check + ": block"}, morning.failing); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{
		"finance.net_sales_daily", "finance.order_to_cash", "finance.shipped_sales_daily",
		"merchandising.product_performance", "merchandising.promotions", "merchandising.substitutions",
		"warehouse.fulfilled_lines",
	}, morning.waiting); diff != "" {
		t.Error(diff)
	}
	newest := `select max(ordered_on), (select max(session_on) from marketing.funnel_daily), cast(sum(net_sales_gbp) as decimal(18,2)) from finance.net_sales_daily`
	if diff := cmp.Diff([]string{"2025-04-30 2025-05-01 " + Money(truth.NetSales)}, p.rows(newest)); diff != "" {
		t.Errorf("finance keeps yesterday's figures, marketing has today's: %s", diff)
	}

	if err := broken.Mend(); err != nil {
		t.Fatal(err)
	}
	mended := p.run()
	if len(mended.held)+len(mended.waiting)+len(mended.failing) > 0 {
		t.Errorf("%+v", mended)
	}
	t.Run("truth of the next day", func(t *testing.T) { compare(t, p, next) })
}
