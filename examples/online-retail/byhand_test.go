package onlineretail_test

import (
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	_ "github.com/duckdb/duckdb-go/v2"
)

// asOf is the time the build pretends to run at: $now of the models.
const asOf = "2011-07-01 06:00:00+01"

// models are the project's datasets, upstream first.
var models = []string{
	"warehouse/lines_delivered", "warehouse/overlap_days", "warehouse/special_codes",
	"warehouse/order_lines", "warehouse/invoices", "warehouse/customers", "warehouse/products",
	"warehouse/holidays", "warehouse/calendar", "warehouse/days_closed",
	"marts/finance/net_sales_daily",
	"marts/merchandising/product_sales_monthly", "marts/merchandising/product_performance",
	"marts/marketing/customer_cohorts", "marts/marketing/repeat_orders",
}

// byHand lands the files below data and builds every dataset of the project
// from them. The result is what readers of the warehouse would see.
func byHand(t *testing.T, data string) *sql.DB {
	t.Helper()
	db, err := sql.Open("duckdb", "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	db.SetMaxOpenConns(1) // the time zone below belongs to one connection
	do(t, db, "set TimeZone = 'Europe/London'")
	for _, schema := range []string{"lake", "warehouse", "finance", "merchandising", "marketing"} {
		do(t, db, "create schema "+schema)
	}
	land(t, db, data)
	for _, path := range models {
		buildModel(t, db, path)
	}
	return db
}

// land reads the files with the columns and types the sources declare.
func land(t *testing.T, db *sql.DB, data string) {
	t.Helper()
	days, err := filepath.Glob(filepath.Join(data, daysFolder, "*"))
	if err != nil {
		t.Fatal(err)
	}
	do(t, db, fmt.Sprintf(`create table lake.shop_lines as select * from read_csv(['%s'],
		auto_detect = false, header = true, delim = ',', quote = '"', escape = '"',
		timestampformat = '%%Y-%%m-%%d %%H:%%M:%%S', columns = {invoice_no: 'varchar',
		stock_code: 'varchar', description: 'varchar', quantity: 'integer', invoice_at: 'timestamp',
		unit_price: 'decimal(18,3)', customer_id: 'varchar', country: 'varchar'})`,
		strings.Join(days, "', '")))
	do(t, db, fmt.Sprintf(`create table lake.archive_lines as select
		Invoice as invoice_no, StockCode as stock_code, Description as description,
		cast(Quantity as integer) as quantity, strptime(InvoiceDate, '%%Y-%%m-%%d %%H:%%M:%%S') as invoice_at,
		cast(Price as decimal(18,3)) as unit_price, "Customer ID" as customer_id, Country as country
		from read_parquet('%s')`, filepath.Join(data, archiveFile)))
}

func buildModel(t *testing.T, db *sql.DB, path string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("models", filepath.FromSlash(path)+".sql"))
	if err != nil {
		t.Fatal(err)
	}
	header, query, found := strings.Cut(string(text), "*/")
	if !found {
		t.Fatalf("%s has no header", path)
	}
	kind := "table"
	if strings.Contains(header, "\nbuild: view\n") {
		kind = "view"
	}
	parts := strings.Split(path, "/")
	dataset := strings.Join(parts[len(parts)-2:], ".")
	query = strings.ReplaceAll(query, "$now", "timestamptz '"+asOf+"'")
	do(t, db, "create "+kind+" "+dataset+" as "+query)
}

func do(t *testing.T, db *sql.DB, statement string) {
	t.Helper()
	if _, err := db.Exec(statement); err != nil {
		t.Fatalf("%s\n%v", statement, err)
	}
}

// ask returns a query's rows, a line each, values as text divided by " | ",
// NULL as "-". Decimals keep every digit.
func ask(t *testing.T, db *sql.DB, query string) string {
	t.Helper()
	rows, err := db.Query("select cast(columns(*) as varchar) from (" + query + ")")
	if err != nil {
		t.Fatalf("%s\n%v", query, err)
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for rows.Next() {
		values, into := make([]sql.NullString, len(names)), make([]any, len(names))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, line(values))
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return strings.Join(lines, "\n")
}

func line(values []sql.NullString) string {
	texts := make([]string, len(values))
	for i, value := range values {
		texts[i] = "-"
		if value.Valid {
			texts[i] = value.String
		}
	}
	return strings.Join(texts, " | ")
}
