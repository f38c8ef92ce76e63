/* larder
description: Net sales by the day of the order, before anything has left the house.
grain: [ordered_on, currency]
columns:
  ordered_on:
    description: The business day of the order
  currency:
    description: What members paid in
  orders:
    description: Orders placed
    unit: order
  units:
    description: Pieces ordered
    unit: piece
  gross:
    description: Quantity times price
    type: decimal(18,2)
    currency: currency
  discount:
    description: What offers took off
    type: decimal(18,2)
    currency: currency
  net_sales:
    description: gross - discount, before tax and delivery fee
    type: decimal(18,2)
    currency: currency
  tax:
    description: Tax on net sales
    type: decimal(18,2)
    currency: currency
  net_sales_gbp:
    description: Net sales in pounds, at the rate of the order's day
    type: decimal(18,2)
    currency: GBP
checks:
  - row_count > 0
  # From the mart straight back to what arrived: no join in between can have
  # doubled or lost a line unseen.
  - net_sales_tie_to_lake:
      that: sum(net_sales) by currency
      equals:
        from: lake.shop_order_lines
        that: sum(quantity * unit_price - discount)
  - sum(net_sales_gbp) over ordered_on within 2.5 stddev of last 28 days
*/
select
    ordered_on,
    currency,
    count(distinct order_id) as orders,
    cast(sum(quantity) as bigint) as units,
    cast(sum(gross) as decimal(18,2)) as gross,
    cast(sum(discount) as decimal(18,2)) as discount,
    cast(sum(net) as decimal(18,2)) as net_sales,
    cast(sum(tax) as decimal(18,2)) as tax,
    cast(sum(net_gbp) as decimal(18,2)) as net_sales_gbp
from warehouse.order_lines
group by ordered_on, currency
