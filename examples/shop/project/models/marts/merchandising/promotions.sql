/* larder
description: What each offer moved, and what it cost.
grain: [promotion_id]
columns:
  promotion_id:
    description: The offer
  promotion:
    description: Its title
  first_on:
    description: The first day somebody used it
  last_on:
    description: The last day
  orders:
    description: Orders with it
    unit: order
  units:
    description: Pieces sold under it
    unit: piece
  net_sales_gbp:
    description: Net sales under it
    type: decimal(18,2)
    currency: GBP
  average_discount:
    description: The share of a line's price it took off, on average
    type: decimal(7,4)
checks:
  - range(average_discount, 0, 0.5)
*/
select
    promotion_id,
    promotion,
    min(ordered_on) as first_on,
    max(ordered_on) as last_on,
    count(distinct order_id) as orders,
    cast(sum(quantity) as bigint) as units,
    cast(sum(net_gbp) as decimal(18,2)) as net_sales_gbp,
    cast(avg(discount / gross) as decimal(7,4)) as average_discount
from warehouse.order_lines
where promotion_id is not null
group by promotion_id, promotion
