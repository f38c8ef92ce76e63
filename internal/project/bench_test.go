package project

import (
	"fmt"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

// realisticModel has a header of 25 lines and a query of 30.
const realisticModel = `/* larder
description: One row per invoice line, cancellations as negative lines.
owner: finance
grain: [invoice_no, line_no]
fresh_within: 1 hour
columns:
  invoice_no:
    description: The invoice's number; a leading C marks a cancellation
    required: true
  amount:
    description: Quantity times unit price
    type: decimal(18,2)
    currency: GBP
  customer_email:
    personal: email
    mask: hash
checks:
  - row_count > 0
  - duplicates(invoice_no, line_no) = 0
  - sum(amount) by country within 2.5 stddev of last 14 days
  - spend_cap:
      that: sum(spend) by campaign_id, day(spend_on)
      warn: "> 1000"
      block: "> 10000"
*/
with orders as (
    select order_id, customer_id, ordered_at, 'it''s' as note from warehouse.orders where ordered_at >= $start
), lines as (
    select order_id, sum(quantity * unit_price) as amount from warehouse.order_lines group by order_id
)
select orders.order_id, orders.customer_id, lines.amount, -- the amount
       row_number() over (partition by customer_id order by ordered_at) as nth
from orders join lines using (order_id)
`

// manyModels makes a project of n models; header says whether they have one.
func manyModels(b *testing.B, n int, header bool) string {
	archive := &txtar.Archive{Files: []txtar.File{
		{Name: "larder.yml", Data: []byte("name: many\n")},
		{Name: "squads/finance.yml", Data: []byte("title: Finance\n")},
		{Name: "models/marts/_defaults.yml", Data: []byte("owner: finance\n")},
	}}
	text := realisticModel
	if !header {
		_, text, _ = strings.Cut(text, "*/")
	}
	for i := range n {
		archive.Files = append(archive.Files, txtar.File{Name: fmt.Sprintf("models/marts/m%d/model_%d.sql", i%20, i), Data: []byte(text)})
	}
	return write(b, archive)
}

func BenchmarkLoad1000(b *testing.B) {
	for name, header := range map[string]bool{"headers": true, "bare": false} {
		b.Run(name, func(b *testing.B) {
			root := manyModels(b, 1000, header)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Load(root, testOptions()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkHeader(b *testing.B) {
	_, yaml, _ := strings.Cut(realisticModel, "\n")
	yaml, _, _ = strings.Cut(yaml, "*/")
	file := newFile("x.sql", yaml)
	b.Run("everyday", func(b *testing.B) {
		for b.Loop() {
			if _, ok := readEveryday(yaml); !ok {
				b.Fatal("not everyday")
			}
		}
	})
	b.Run("complete", func(b *testing.B) {
		for b.Loop() {
			if _, faults := parseAll(file, yaml); len(faults) > 0 {
				b.Fatal(faults)
			}
		}
	})
}
