package onlineretail_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// figure is a question to the warehouse and its answer, worked out apart from
// the project: the files were read with a plain CSV and a plain Parquet reader
// into rows of text and exact decimals, and every figure below was counted and
// added up from those rows in a general-purpose language, without SQL. Lines
// that arrive twice were taken out as a multiset union (the greater number of
// copies of each identical line), which is another rule than the project's
// and gives the same 748,841 lines.
type figure struct {
	name  string
	query string
	want  []string
}

// TestTheWholeProject lands, builds, checks and publishes the public files, and
// asks what readers of the warehouse would ask.
func TestTheWholeProject(t *testing.T) {
	s := newShop(t, publicData(t))
	plan, report := s.run()
	steps, results := outcomes(report)
	if len(steps)+len(results) > 0 || len(report.Steps) != len(plan.Steps) || len(report.Results) == 0 {
		t.Errorf("everything should be published and hold:\n%s", strings.Join(append(steps, results...), "\n"))
	}
	for _, group := range [][]figure{landed, overlap, lines, days, finance, merchandising, marketing} {
		for _, f := range group {
			t.Run(f.name, func(t *testing.T) {
				if diff := cmp.Diff(strings.Join(f.want, "\n"), s.ask(f.query)); diff != "" {
					t.Errorf("worked out by hand (-), built (+):\n%s", diff)
				}
			})
		}
	}
	t.Run("every day, from the raw files", s.everyDay)
	t.Run("the statistical rules, every morning", s.replay)
	if again, _ := s.run(); len(again.Steps) != 0 {
		t.Errorf("nothing arrived, and yet: %v", again.Steps)
	}
}

var landed = []figure{
	{
		// 525,461 + 245,903 = 771,364. The full two years have 1,067,370; the
		// files after June 2011 are not part of the example.
		"raw lines and amounts",
		`select (select count(*) from lake.archive_lines), (select count(*) from lake.shop_lines),
			(select sum(quantity * unit_price) from lake.archive_lines),
			(select sum(quantity * unit_price) from lake.shop_lines)`,
		[]string{"525461 | 245903 | 9539484.634 | 4397950.761"},
	},
}

var overlap = []figure{
	{
		"lines of each day that came twice",
		`select invoice_on, lines_archive, lines_daily, lines_matched from warehouse.overlap_days order by 1`,
		[]string{
			"2010-12-01 | 3108 | 3108 | 3108", "2010-12-02 | 2109 | 2109 | 2109",
			"2010-12-03 | 2202 | 2202 | 2202", "2010-12-05 | 2725 | 2725 | 2725",
			"2010-12-06 | 3878 | 3878 | 3878", "2010-12-07 | 2963 | 2963 | 2963",
			"2010-12-08 | 2647 | 2647 | 2647", "2010-12-09 | 2891 | 2891 | 2891",
		},
	},
	{
		"all lines that came twice",
		`select sum(lines_archive), sum(lines_matched), sum(amount_archive) from warehouse.overlap_days`,
		[]string{"22523 | 22523 | 377488.450"},
	},
	{
		// 771,364 - 22,523 = 748,841 lines;
		// 9,539,484.634 + 4,397,950.761 - 377,488.450 = 13,559,946.945.
		"everything counted once",
		`select count(*), sum(amount), count(distinct invoice_no) from warehouse.order_lines`,
		[]string{"748841 | 13559946.945 | 40523"},
	},
	{
		"genuine repeats are kept and counted",
		`select count(*), sum(amount), max(occurrence) from warehouse.order_lines where occurrence > 1`,
		[]string{"8556 | 41786.470 | 20"},
	},
}

var lines = []figure{
	{
		"lines, pieces and amount by kind",
		`select kind, count(*), sum(quantity), sum(amount) from warehouse.order_lines group by kind order by kind`,
		[]string{
			"bookkeeping | 193 | 13 | -279663.640", "cancellation | 14262 | -332297 | -823158.260",
			"sale | 731571 | 8366621 | 14662768.845", "stock | 2815 | -476777 | 0.000",
		},
	},
	{
		// Of all lines on C invoices; 109 of them are fees and adjustments.
		"lines on cancellation invoices",
		`select count(*), count(distinct invoice_no), sum(amount) from warehouse.order_lines where invoice_no like 'C%'`,
		[]string{"14371 | 6462 | -997006.900"},
	},
	{
		"invoices by kind",
		`select kind, count(*) from warehouse.invoices group by kind order by kind`,
		[]string{"bookkeeping | 187", "cancellation | 6359", "order | 29698", "stock | 4279"},
	},
	{
		// 4,965 codes as typed are 4,807 in capitals and without blanks.
		"customers, codes and countries",
		`select (select count(*) from warehouse.customers), (select count(*) from warehouse.products),
			(select count(*) from warehouse.products where descriptions > 1),
			(select count(*) from warehouse.products where description is null),
			count(distinct country), count(*) - count(customer_id), sum(quantity) from warehouse.order_lines`,
		[]string{"5106 | 4807 | 854 | 353 | 43 | 169221 | 7557560"},
	},
	{
		"customers in more than one country, with orders, with repeat orders, all they paid",
		`select count(case when countries > 1 then 1 end), count(case when orders > 0 then 1 end),
			count(case when orders > 1 then 1 end), sum(net_sales) from warehouse.customers`,
		[]string{"11 | 5031 | 3480 | 11768888.805"},
	},
}

var days = []figure{
	{
		"days open and closed",
		`select count(*), min(day), max(day), count(case when is_open then 1 end),
			count(case when is_open and weekday = 6 then 1 end) from warehouse.calendar`,
		[]string{"577 | 2009-12-01 | 2011-06-30 | 466 | 1"},
	},
	{
		"why the shop was closed",
		`select closed_because, count(*) from warehouse.days_closed group by 1 order by 1`,
		[]string{"Christmas break | 12", "Saturday | 81", "holiday | 18"},
	},
	{
		"closed days that were not a Saturday",
		`select weekday, count(*) from warehouse.days_closed where weekday <> 6 group by 1 order by 1`,
		[]string{"1 | 10", "2 | 2", "3 | 2", "4 | 3", "5 | 7", "7 | 6"},
	},
	{
		"the longest break",
		`select last_open_on, next_open_on, count(*) from warehouse.days_closed
			group by 1, 2 order by 3 desc, 1 limit 2`,
		[]string{"2009-12-23 | 2010-01-04 | 11", "2010-12-23 | 2011-01-04 | 11"},
	},
}
