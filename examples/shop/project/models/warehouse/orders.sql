/* larder
description: One row per order, as it was placed.
grain: [order_id]
columns:
  order_id:
    description: The order's number
    required: true
  member_id:
    description: Who ordered
    required: true
  session_id:
    description: The web session it came from
  placed_at:
    description: When it was placed
  ordered_on:
    description: The business day it was placed, in London
    required: true
  member_order_no:
    description: 1 for a member's first order, 2 for the next; counted since the first day there is data for
  currency:
    description: What it was paid in
    required: true
  goods:
    description: Quantity times price of all lines
    type: decimal(18,2)
    currency: currency
  discount:
    description: What offers took off
    type: decimal(18,2)
    currency: currency
  tax:
    description: Tax on goods less discount
    type: decimal(18,2)
    currency: currency
  lines_total:
    description: What the lines come to, goods - discount + tax
    type: decimal(18,2)
    currency: currency
  shipping:
    description: Delivery fee; charged with the first parcel
    type: decimal(18,2)
    currency: currency
  store_credit:
    description: Paid from the member's store credit
    type: decimal(18,2)
    currency: currency
  total:
    description: To be paid by card, lines_total + shipping - store_credit
    type: decimal(18,2)
    currency: currency
checks:
  - row_count > 0
  - references(member_id, warehouse.members.member_id)
  - orders_tie_to_lake:
      that: sum(total) by currency
      equals:
        from: lake.shop_orders
        that: sum(total)
  - row_count over ordered_on within 2.5 stddev of last 28 days
*/
select
    order_id,
    member_id,
    session_id,
    placed_at,
    cast(placed_at at time zone 'Europe/London' as date) as ordered_on,
    row_number() over (partition by member_id order by placed_at, order_id) as member_order_no,
    currency,
    goods,
    discount,
    tax,
    cast(goods - discount + tax as decimal(18,2)) as lines_total,
    shipping,
    store_credit,
    total
from lake.shop_orders
