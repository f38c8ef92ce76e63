package onlineretail_test

import (
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// rawLines are both deliveries as rows of one shape, straight from the files
// and without anything of the project. Prices are rounded to three digits: the
// archive has them as floating point numbers.
const rawLines = `create table a as select cast(Invoice as varchar) as invoice, StockCode as code, nullif(Description, 'nan') as text,
		cast(Quantity as bigint) as quantity, cast(InvoiceDate as timestamp) as written, cast(round(Price, 3) as decimal(18,3)) as price,
		cast("Customer ID" as bigint) as customer, Country as country from read_parquet('%[1]s');
	create table b as select InvoiceNo as invoice, StockCode as code, Description as text, cast(Quantity as bigint) as quantity,
		cast(InvoiceDate as timestamp) as written, cast(UnitPrice as decimal(18,3)) as price, cast(cast(CustomerID as double) as bigint) as customer,
		Country as country from read_csv('%[2]s', header = true, all_varchar = true)`

// twoWays count what is there once, by day, in two ways that share no idea: as
// all lines less those common to both deliveries (INTERSECT ALL), and as the
// greater number of copies of each line (a multiset union).
var twoWays = map[string]string{
	"all less the common ones": `select cast(written as date) as day, count(*) as lines, cast(sum(quantity * price) as decimal(18,3)) as amount
		from ((from a except all from b) union all from b) group by 1 order by 1`,
	"the greater number of copies": `with x as (select *, count(*) as n from a group by all), y as (select *, count(*) as n from b group by all),
		u as (select coalesce(x.written, y.written) as written, coalesce(x.quantity * x.price, y.quantity * y.price) as amount, greatest(coalesce(x.n, 0), coalesce(y.n, 0)) as n
			from x full join y on x.invoice = y.invoice and x.code = y.code and x.text is not distinct from y.text and x.quantity = y.quantity
				and x.written = y.written and x.price = y.price and x.customer is not distinct from y.customer and x.country = y.country)
		select cast(written as date) as day, cast(sum(n) as bigint) as lines, cast(sum(amount * n) as decimal(18,3)) as amount from u group by 1 order by 1`,
}

// everyDay holds lines and amount of every day against the raw files.
func (s *shop) everyDay(t *testing.T) {
	raw := rawFiles(t, os.Getenv("LARDER_DATA"))
	if got, want := ask(t, raw, `select count(*), sum(quantity * price) from (from a intersect all from b)`), "22523 | 377488.450"; got != want {
		t.Errorf("lines that came twice: %s, want %s", got, want)
	}
	// Genuine repeats: lines of one delivery beyond the first of their kind. Of
	// 6,865 and 2,012 the 321 of the common days are the same: 8,556.
	for from, want := range map[string]string{
		"a": "6865", "b": "2012", "(from a intersect all from b)": "321",
		"((from a except all from b) union all from b)": "8556",
	} {
		if got := ask(t, raw, "select sum(n - 1) from (select count(*) as n, * from "+from+" group by all)"); got != want {
			t.Errorf("repeats in %s: %s, want %s", from, got, want)
		}
	}
	built := s.ask(`select invoice_on as day, count(*) as lines, cast(sum(amount) as decimal(18,3)) as amount
		from warehouse.order_lines group by 1 order by 1`)
	for name, query := range twoWays {
		if diff := cmp.Diff(ask(t, raw, query), built); diff != "" {
			t.Errorf("%s, from the files (-), built (+):\n%s", name, diff)
		}
	}
}

func rawFiles(t *testing.T, data string) *sql.DB {
	t.Helper()
	db, err := sql.Open("duckdb", "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	do(t, db, fmt.Sprintf(rawLines, filepath.Join(data, archiveFile), filepath.Join(data, daysFolder, "*")))
	return db
}
