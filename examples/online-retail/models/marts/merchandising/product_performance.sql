/* larder
description: One row per article over all the time there is, ranked by net sales.
grain: [stock_code]
columns:
  stock_code:
    description: The article's code
    required: true
  description:
    description: The article's name
  place:
    description: 1 for the article with the highest net sales; equal sales share a place
    required: true
  units_sold:
    description: Pieces on sale lines
    unit: piece
    required: true
  units_cancelled:
    description: Pieces on cancellation lines, as a positive number
    unit: piece
    required: true
  units_written_off:
    description: Pieces taken from stock without a sale, as a positive number
    unit: piece
    required: true
  gross_sales:
    description: Amount of the sale lines
    type: decimal(18,3)
    currency: GBP
    required: true
  net_sales:
    description: Amount of the sale and cancellation lines
    type: decimal(18,3)
    currency: GBP
    required: true
  months_sold:
    description: Months in which at least one piece was sold
    unit: month
    required: true
  cancelled_share:
    description: Pieces cancelled for each piece sold; nothing when none was sold
    type: decimal(18,4)
    unit: piece/piece
  first_sold_on:
    description: Day of the first order at a price
  last_sold_on:
    description: Day of the newest order at a price
checks:
  - range(place, 1, )
  - first_before_last:
      rows: first_sold_on <= last_sold_on
  - ties_to_months:
      that: sum(net_sales)
      equals:
        from: merchandising.product_sales_monthly
        that: sum(net_sales)
        within: 0
*/
with totals as (
    select
        stock_code,
        cast(sum(units_sold) as bigint) as units_sold,
        cast(sum(units_cancelled) as bigint) as units_cancelled,
        cast(sum(units_written_off) as bigint) as units_written_off,
        cast(sum(gross_sales) as decimal(18,3)) as gross_sales,
        cast(sum(net_sales) as decimal(18,3)) as net_sales,
        count(case when units_sold > 0 then 1 end) as months_sold
    from merchandising.product_sales_monthly
    group by stock_code
),

sold as (
    select
        stock_code,
        min(invoice_on) as first_sold_on,
        max(invoice_on) as last_sold_on
    from warehouse.order_lines
    where kind = 'sale' and amount > 0
    group by stock_code
)

select
    t.stock_code,
    p.description,
    rank() over (order by t.net_sales desc) as place,
    t.units_sold,
    t.units_cancelled,
    t.units_written_off,
    t.gross_sales,
    t.net_sales,
    t.months_sold,
    cast(cast(t.units_cancelled as double precision) / nullif(t.units_sold, 0) as decimal(18,4)) as cancelled_share,
    s.first_sold_on,
    s.last_sold_on
from totals as t
inner join warehouse.products as p on t.stock_code = p.stock_code
left join sold as s on t.stock_code = s.stock_code
