package onlineretail_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// deliver writes the file of a day.
func deliver(t *testing.T, data, day, lines string) {
	t.Helper()
	text := "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n" + lines
	if err := os.WriteFile(filepath.Join(data, daysFolder, day+".csv"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// busyDay is 60 different lines of 1 pound each, so that the one genuine
// repeat of the shelf is less than 2 % of all lines.
func busyDay() string {
	var lines strings.Builder
	for i := range 60 {
		fmt.Fprintf(&lines, "500009,%d,ARTICLE,1,2010-12-06 09:00:00,1.00,12345.0,United Kingdom\n", 20000+i)
	}
	return lines.String()
}

// TestWhatArrivesLater is a shop's weeks in short: what a file that comes late,
// is corrected, contradicts the archive or cannot be read does to the numbers.
func TestWhatArrivesLater(t *testing.T) {
	data := shelf(t, archived, daily)
	deliver(t, data, "2010-12-06", busyDay())
	s := newShop(t, data)
	const mended = "500010,22423,CAKESTAND,1,2010-12-07 09:00:00,10.00,12345.0,Germany\n"
	for _, c := range []struct {
		name   string
		day    string // whose file is written first
		lines  string
		ingest string // why lake.shop_lines is landed, "" when nothing is to be done
		held   string // the step that is held, by what
		want   string // lines, amount, lines in the lake, lines that ever arrived, net sales
	}{
		{"the first run", "", "", "new data: 3 new files", "", "69 | -4.048 | 64 | 64 | 95.952"},
		{"nothing arrives", "", "", "", "", "69 | -4.048 | 64 | 64 | 95.952"},
		{
			"a day comes late", "2010-12-05", "500008,22423,CAKESTAND,1,2010-12-05 11:00:00,12.50,12345.0,United Kingdom\n",
			"new data: 1 new file", "", "70 | 8.452 | 65 | 65 | 108.452",
		},
		{
			"a day is corrected: 10.75 instead of 12.75", "2010-12-02", strings.Replace(daily["2010-12-02.csv"], "12.75", "10.75", 1),
			"new data: 1 corrected file", "", "70 | 6.452 | 65 | 66 | 106.452",
		},
		{
			"a day contradicts the archive", "2010-12-01", strings.Replace(daily["2010-12-01.csv"], "0.001", "0.002", 1),
			"new data: 1 corrected file", "warehouse.overlap_days: check same_lines: 1 of 1 rows break lines_archive = lines_matched and lines_daily = lines_matched",
			"70 | 6.452 | 65 | 69 | 106.452",
		},
		{"it is put back", "2010-12-01", daily["2010-12-01.csv"], "new data: 1 corrected file", "", "70 | 6.452 | 65 | 72 | 106.452"},
		{
			"a file cannot be read", "2010-12-07", strings.Replace(mended, ",1,", ",one,", 1),
			"new data: 1 new file", "lake.shop_lines: 1 of 1 rows of by-day/2010-12-07.csv cannot be read", "70 | 6.452 | 65 | 72 | 106.452",
		},
		{
			"it is no text at all", "2010-12-07", "\x00\x01\x02\xff\xfe\n\x00\x00",
			"failed before: held; new data: 1 new file", "lake.shop_lines: ", "70 | 6.452 | 65 | 72 | 106.452",
		},
		{
			"half a customer", "2010-12-07", strings.Replace(mended, "12345.0", "12345.5", 1),
			"failed before: held; new data: 1 new file", "lake.shop_lines: check whole_customer_numbers: customer_id does not match ^[0-9]+\\.0$ in 1 of 66 rows",
			"70 | 6.452 | 65 | 72 | 106.452",
		},
		{"it is mended", "2010-12-07", mended, "failed before: held; new data: 1 corrected file, 1 load that was held", "", "71 | 16.452 | 66 | 73 | 116.452"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.day != "" {
				deliver(t, data, c.day, c.lines)
			}
			plan, report := s.run()
			why := ""
			for _, step := range plan.Steps {
				if step.Dataset == "lake.shop_lines" {
					why = step.Why()
				}
			}
			if why != c.ingest {
				t.Errorf("lake.shop_lines is landed because %q, want %q", why, c.ingest)
			}
			held := ""
			for _, step := range report.Steps {
				if step.Outcome == "held" {
					held += step.Dataset + ": " + strings.TrimPrefix(step.Error, step.Dataset+": ")
				} else if step.Outcome != "done" && step.Outcome != "blocked" {
					t.Errorf("%s %s: %s", step.Dataset, step.Outcome, step.Error)
				}
			}
			if !strings.HasPrefix(held, c.held) || (held == "") != (c.held == "") {
				t.Errorf("held is %q, want %q", held, c.held)
			}
			got := s.ask(`select count(*), sum(amount), (select count(*) from lake.shop_lines),
				(select count(*) from lake.shop_lines__loads), (select sum(net_sales) from finance.net_sales_daily) from warehouse.order_lines`)
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
