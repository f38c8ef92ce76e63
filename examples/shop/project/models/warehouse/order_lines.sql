/* larder
description: One row per order line; what becomes revenue starts here.
owner: finance
grain: [order_id, line_no]
columns:
  order_id:
    description: The order it belongs to
    required: true
  line_no:
    description: Its number within the order
    required: true
  member_id:
    description: Who ordered
  ordered_on:
    description: The business day of the order
    required: true
  product_id:
    description: What was ordered
    required: true
  promotion_id:
    description: The offer that took something off
  promotion:
    description: The offer's title
  quantity:
    description: Pieces
    unit: piece
  currency:
    description: What the order is paid in
  unit_price:
    description: Price of one piece, before tax
    type: decimal(18,2)
    currency: currency
  gross:
    description: Quantity times unit price
    type: decimal(18,2)
    currency: currency
  discount:
    description: What the offer took off
    type: decimal(18,2)
    currency: currency
  net:
    description: gross - discount. Net sales are the sum of it
    type: decimal(18,2)
    currency: currency
  tax:
    description: Tax on net
    type: decimal(18,2)
    currency: currency
  total:
    description: net + tax
    type: decimal(18,2)
    currency: currency
  net_gbp:
    description: net in pounds, at the rate of the order's day, rounded line by line
    type: decimal(18,2)
    currency: GBP
    required: true
checks:
  - references(product_id, warehouse.products.product_id)
  - rows discount <= gross
  # The shop's till adds up an order on its own. When our lines come to anything
  # else, a line is wrong, missing or doubled; not a penny may pass.
  - lines_tie_to_orders:
      that: sum(total) by ordered_on, currency
      equals:
        from: warehouse.orders
        that: sum(lines_total)
*/
select
    l.order_id,
    l.line_no,
    o.member_id,
    o.ordered_on,
    l.product_id,
    l.promotion_id,
    p.title as promotion,
    l.quantity,
    l.currency,
    l.unit_price,
    cast(l.quantity * l.unit_price as decimal(18,2)) as gross,
    l.discount,
    cast(l.quantity * l.unit_price - l.discount as decimal(18,2)) as net,
    l.tax,
    cast(l.quantity * l.unit_price - l.discount + l.tax as decimal(18,2)) as total,
    cast((l.quantity * l.unit_price - l.discount) * r.gbp_per_unit as decimal(18,2)) as net_gbp
from lake.shop_order_lines as l
join warehouse.orders as o on l.order_id = o.order_id
left join lake.shop_promotions as p on l.promotion_id = p.promotion_id
left join warehouse.fx_rates as r
    on l.currency = r.currency and o.ordered_on >= r.valid_from and o.ordered_on < r.valid_to
