package onlineretail_test

import (
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// archived are lines of the Parquet file as a VALUES list; daily are the daily
// files' texts below their header. Both hold 1 December, where the pair of
// identical lines is a genuine repeat.
const archived = `
	('500001', '85123A', 'HEART', 2, '2010-11-30 09:00:00', 2.55, 17850, 'United Kingdom'),
	('500001', '85123a', 'HEART', 2, '2010-11-30 09:00:00', 2.55, 17850, 'United Kingdom'),
	('500002', 'POST', 'nan', 1, '2010-11-30 10:00:00', 18.0, null, 'France'),
	('C500003', 'M', 'Manual', -1, '2010-11-30 11:00:00', 5.0, 17850, 'United Kingdom'),
	('A500004', 'B', 'Adjust bad debt', 1, '2010-11-30 12:00:00', -100.0, null, 'United Kingdom'),
	('500005', 'PADS', 'nan', 1, '2010-12-01 09:00:00', 0.001, 17850, 'United Kingdom'),
	('500005', 'PADS', 'nan', 1, '2010-12-01 09:00:00', 0.001, 17850, 'United Kingdom'),
	('500006', '22423', 'damages', -7, '2010-12-01 10:00:00', 0.0, null, 'United Kingdom')`

var daily = map[string]string{
	"2010-12-01.csv": `500005,PADS,,1,2010-12-01 09:00:00,0.001,17850.0,United Kingdom
500005,PADS,,1,2010-12-01 09:00:00,0.001,17850.0,United Kingdom
500006,22423,damages,-7,2010-12-01 10:00:00,0.0,,United Kingdom
`,
	"2010-12-02.csv": `500007,22423,"CAKESTAND, ""3 TIER""",1,2010-12-02 09:00:00,12.75,12345.0,Germany
`,
}

// shelf writes the lines as the files the sources expect.
func shelf(t *testing.T, archived string, daily map[string]string) string {
	t.Helper()
	data := t.TempDir()
	for _, path := range []string{archiveFile, daysFolder + "/x"} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(data, path)), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range daily {
		text = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n" + text
		if err := os.WriteFile(filepath.Join(data, daysFolder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	db, err := sql.Open("duckdb", "")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	do(t, db, `copy (select cast(column0 as varchar) as "Invoice", column1 as "StockCode", column2 as "Description",
		cast(column3 as bigint) as "Quantity", column4 as "InvoiceDate", cast(column5 as double) as "Price",
		cast(column6 as bigint) as "Customer ID", column7 as "Country"
		from (values `+archived+`) as v (column0, column1, column2, column3, column4, column5, column6, column7))
		to '`+filepath.Join(data, archiveFile)+`' (format parquet)`)
	return data
}

func TestEachLineCountsOnce(t *testing.T) {
	db := byHand(t, shelf(t, archived, daily))
	got := ask(t, db, `select invoice_no, line_no, kind, stock_code, item_kind, description, quantity, amount,
		customer_id, occurrence, delivered_by from warehouse.order_lines order by invoice_no, line_no`)
	want := strings.Join([]string{
		"500001 | 1 | sale | 85123A | article | HEART | 2 | 5.100 | 17850 | 1 | archive",
		"500001 | 2 | sale | 85123A | article | HEART | 2 | 5.100 | 17850 | 1 | archive",
		"500002 | 1 | sale | POST | carriage | - | 1 | 18.000 | - | 1 | archive",
		"500005 | 1 | sale | PADS | article | - | 1 | 0.001 | 17850 | 1 | daily",
		"500005 | 2 | sale | PADS | article | - | 1 | 0.001 | 17850 | 2 | daily",
		"500006 | 1 | stock | 22423 | article | damages | -7 | 0.000 | - | 1 | daily",
		`500007 | 1 | sale | 22423 | article | CAKESTAND, "3 TIER" | 1 | 12.750 | 12345 | 1 | daily`,
		"A500004 | 1 | bookkeeping | B | bookkeeping | Adjust bad debt | 1 | -100.000 | - | 1 | archive",
		"C500003 | 1 | cancellation | M | manual | Manual | -1 | -5.000 | 17850 | 1 | archive",
	}, "\n")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("want (-), built (+):\n%s", diff)
	}
}

// TestDeliveriesThatDiffer tries what the check same_lines of overlap_days
// stands on: any difference between two deliveries of a day shows.
func TestDeliveriesThatDiffer(t *testing.T) {
	first := daily["2010-12-01.csv"]
	for name, test := range map[string]struct{ day, want string }{
		"the same":            {first, "2010-12-01 | 3 | 3 | 3"},
		"in another order":    {reversed(first), "2010-12-01 | 3 | 3 | 3"},
		"a repeat once less":  {first[strings.Index(first, "\n")+1:], "2010-12-01 | 3 | 2 | 2"},
		"a repeat once more":  {first[:strings.Index(first, "\n")+1] + first, "2010-12-01 | 3 | 4 | 3"},
		"another price":       {strings.Replace(first, "0.001", "0.002", 1), "2010-12-01 | 3 | 3 | 2"},
		"another description": {strings.Replace(first, "damages", "wet", 1), "2010-12-01 | 3 | 3 | 2"},
		"another customer":    {strings.Replace(first, "17850.0", "17851.0", 1), "2010-12-01 | 3 | 3 | 2"},
		"a minute later":      {strings.Replace(first, "10:00:00", "10:01:00", 1), "2010-12-01 | 3 | 3 | 2"},
	} {
		t.Run(name, func(t *testing.T) {
			db := byHand(t, shelf(t, archived, map[string]string{"2010-12-01.csv": test.day}))
			got := ask(t, db, `select invoice_on, lines_archive, lines_daily, lines_matched from warehouse.overlap_days`)
			if got != test.want {
				t.Errorf("day, archive, daily, matched: got %s, want %s", got, test.want)
			}
		})
	}
}

func reversed(text string) string {
	lines := strings.SplitAfter(strings.TrimSuffix(text, "\n")+"\n", "\n")
	out := ""
	for _, line := range lines {
		out = line + out
	}
	return out
}

// TestCalendarEndsWithTheRun has a line dated after the run: the calendar must
// not follow it, whatever its date.
func TestCalendarEndsWithTheRun(t *testing.T) {
	future := map[string]string{"2010-12-01.csv": daily["2010-12-01.csv"]}
	future["2110-12-02.csv"] = strings.ReplaceAll(daily["2010-12-02.csv"], "2010", "2110")
	db := byHand(t, shelf(t, archived, future))
	got := ask(t, db, `select max(day), sum(lines), (select count(*) from warehouse.order_lines) from warehouse.calendar`)
	if want := "2011-07-01 | 8 | 9"; got != want {
		t.Errorf("last day, lines in the calendar, lines: got %s, want %s", got, want)
	}
}
