/* larder
description: What each product sold and earned, by month of the order.
grain: [month, product_id]
columns:
  month:
    description: First day of the month
  product_id:
    description: The article number
  name:
    description: What it says on the shelf
  category:
    description: The shelf
  units:
    description: Pieces ordered
    unit: piece
  units_on_offer:
    description: Of them, those sold under an offer
    unit: piece
  net_sales_gbp:
    description: Net sales
    type: decimal(18,2)
    currency: GBP
  margin_gbp:
    description: Net sales less what the vendor charges today
    type: decimal(18,2)
    currency: GBP
  lines:
    description: Order lines that were packed, or could not be
  lines_short:
    description: Of them, those that were out of stock
  lines_substituted:
    description: Of them, those shipped as another product
checks:
  - row_count > 0
  - references(product_id, warehouse.products.product_id)
  - sales_tie_to_finance:
      description: Merchandising and finance quote the same net sales
      that: sum(net_sales_gbp)
      equals:
        from: finance.net_sales_daily
*/
select
    cast(date_trunc('month', l.ordered_on) as date) as month,
    l.product_id,
    p.name,
    p.category,
    cast(sum(l.quantity) as bigint) as units,
    cast(sum(case when l.promotion_id is not null then l.quantity else 0 end) as bigint) as units_on_offer,
    cast(sum(l.net_gbp) as decimal(18,2)) as net_sales_gbp,
    cast(sum(l.net_gbp) - sum(l.quantity * p.cost_gbp) as decimal(18,2)) as margin_gbp,
    count(f.outcome) as lines,
    count(case when f.outcome = 'short' then 1 end) as lines_short,
    count(case when f.outcome = 'substituted' then 1 end) as lines_substituted
from warehouse.order_lines as l
join warehouse.products as p on l.product_id = p.product_id
left join warehouse.fulfilled_lines as f on l.order_id = f.order_id and l.line_no = f.line_no
group by 1, l.product_id, p.name, p.category
