/* larder
description: Net sales by the day the goods left. This is when the shop earns them.
grain: [shipped_on, currency]
columns:
  shipped_on:
    description: The business day the goods left
  currency:
    description: What members paid in
  lines:
    description: Order lines that left
  units:
    description: Pieces that left
    unit: piece
  net_sales:
    description: Net sales of what left
    type: decimal(18,2)
    currency: currency
  tax:
    description: Tax on it
    type: decimal(18,2)
    currency: currency
  net_sales_gbp:
    description: Net sales in pounds, at the rate of the day the goods left
    type: decimal(18,2)
    currency: GBP
checks:
  - nothing_leaves_on_sundays:
      rows: extract(isodow from shipped_on) < 7
      severity: warn
*/
select
    shipped_on,
    currency,
    count(*) as lines,
    cast(sum(quantity) as bigint) as units,
    cast(sum(net) as decimal(18,2)) as net_sales,
    cast(sum(tax) as decimal(18,2)) as tax,
    cast(sum(net_gbp) as decimal(18,2)) as net_sales_gbp
from warehouse.fulfilled_lines
where outcome <> 'short'
group by shipped_on, currency
