/* larder
description: What became of each order line that was packed, or could not be.
owner: finance
grain: [order_id, line_no]
columns:
  order_id:
    description: The order it belongs to
  line_no:
    description: Its number within the order
  parcel_id:
    description: The parcel it left in
  shipped_on:
    description: The business day it left, or was found to be out of stock
    required: true
  outcome:
    description: shipped; substituted by another product at the ordered one's price; short, and not charged
    accepted: [shipped, substituted, short]
  ordered_product_id:
    description: What the member wanted
  picked_product_id:
    description: What the member got
  quantity:
    description: Pieces that left
    unit: piece
  currency:
    description: What the order is paid in
  net:
    description: Net sales of what left; 0 when short
    type: decimal(18,2)
    currency: currency
  tax:
    description: Tax on it
    type: decimal(18,2)
    currency: currency
  total:
    description: net + tax
    type: decimal(18,2)
    currency: currency
  net_gbp:
    description: net in pounds, at the rate of the day it left, rounded line by line
    type: decimal(18,2)
    currency: GBP
    required: true
checks:
  - short_or_picked:
      rows: picked_product_id is not null or outcome = 'short'
  - every_pick_has_its_line:
      that: count(*)
      equals:
        from: lake.fulfilment_picks
*/
with picks as (
    select
        p.order_id,
        p.line_no,
        p.parcel_id,
        cast(p.picked_at at time zone 'Europe/London' as date) as shipped_on,
        p.outcome,
        l.product_id as ordered_product_id,
        p.product_id as picked_product_id,
        p.quantity,
        l.currency,
        case when p.outcome = 'short' then cast(0 as decimal(18,2)) else l.net end as net,
        case when p.outcome = 'short' then cast(0 as decimal(18,2)) else l.tax end as tax
    from lake.fulfilment_picks as p
    join warehouse.order_lines as l on p.order_id = l.order_id and p.line_no = l.line_no
)

select
    p.order_id,
    p.line_no,
    p.parcel_id,
    p.shipped_on,
    p.outcome,
    p.ordered_product_id,
    p.picked_product_id,
    p.quantity,
    p.currency,
    p.net,
    p.tax,
    cast(p.net + p.tax as decimal(18,2)) as total,
    cast(p.net * r.gbp_per_unit as decimal(18,2)) as net_gbp
from picks as p
left join warehouse.fx_rates as r
    on p.currency = r.currency and p.shipped_on >= r.valid_from and p.shipped_on < r.valid_to
