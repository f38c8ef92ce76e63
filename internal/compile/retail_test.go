package compile

import (
	"context"
	"strings"
	"testing"

	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/table"
)

// retail is the schema of a small shop that the tests query.
const retail = `
shop.orders: order_id bigint, customer_id bigint, store_id integer, ordered_at timestamptz, ordered_on date, shipped_on date, status varchar, currency varchar, net decimal(18,2), tax decimal(18,2), tags varchar[], address struct(street varchar, city varchar, "post code" varchar), note json
shop.lines: order_id bigint, line_no integer, sku varchar, quantity integer, unit_price decimal(18,2), discount decimal(9,4)
shop.products: sku varchar, title varchar, category_id integer, cost decimal(18,4), listed_on date
shop.categories: category_id integer, parent_id integer, name varchar
shop.customers: customer_id bigint, email varchar, country varchar, joined_on date, referred_by bigint
shop.stores: store_id integer, city varchar, opened_on date, area double
shop.returns: order_id bigint, line_no integer, returned_on date, quantity integer, refund decimal(18,2), currency varchar
shop.prices: sku varchar, valid_from date, price decimal(18,2)
shop.sessions: session_id uuid, customer_id bigint, started_at timestamp, pages integer, took interval
`

// tables reads "dataset: column type, ..." lines.
func tables(t testing.TB, text string) []Table {
	t.Helper()
	var out []Table
	for _, line := range strings.Split(strings.TrimSpace(text), "\n") {
		dataset, rest, _ := strings.Cut(line, ": ")
		out = append(out, Table{Dataset: dataset, Columns: columns(t, rest), Where: fault.Place{File: dataset + ".yml", Line: 1}})
	}
	return out
}

func columns(t testing.TB, text string) []table.Column {
	t.Helper()
	var out []table.Column
	depth := 0
	for _, part := range strings.FieldsFunc(text, func(r rune) bool {
		depth += strings.Count("(", string(r)) - strings.Count(")", string(r))
		return r == ',' && depth == 0
	}) {
		name, of, _ := strings.Cut(strings.TrimSpace(part), " ")
		parsed, err := table.ParseType(of)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, table.Column{Name: strings.Trim(name, `"`), Type: parsed})
	}
	return out
}

// model is a model whose places point into a file called after the dataset.
func model(dataset, sql string) Model {
	file := dataset + ".sql"
	return Model{Dataset: dataset, SQL: sql, Where: fault.Place{File: file, Line: 1}, Place: func(offset int) fault.Place {
		before := sql[:offset]
		start := strings.LastIndexByte(before, '\n') + 1
		line, _, _ := strings.Cut(sql[start:], "\n")
		return fault.Place{File: file, Line: 1 + strings.Count(before, "\n"), Column: 1 + offset - start, Text: line}
	}}
}

func input(t testing.TB, models ...Model) Input {
	t.Helper()
	return Input{
		TimeZone: "Europe/London", Tables: tables(t, retail), Models: models,
		Params: map[string]Param{
			"big_order": {Type: table.Type{Kind: table.Decimal, Precision: 18, Scale: 2}, Value: "1000.00"},
			"home":      {Type: table.Type{Kind: table.Varchar}, Value: "GB"},
		},
	}
}

func compileAll(t testing.TB, in Input, opts Options) (*Result, error) {
	t.Helper()
	r, err := Compile(context.Background(), in, opts)
	if r != nil {
		t.Cleanup(func() {
			if err := r.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	return r, err
}
