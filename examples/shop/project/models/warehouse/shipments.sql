/* larder
description: One row per parcel, from the shop's door to the member's.
owner: operations
grain: [parcel_id]
columns:
  parcel_id:
    description: The parcel's number
    required: true
  order_id:
    description: The order it belongs to
    required: true
  carrier:
    description: Who carries it
  placed_at:
    description: When the order was placed
  collected_at:
    description: When the carrier took it
    required: true
  delivered_at:
    description: When it was handed over; nothing while it is on its way
  shipped_on:
    description: The business day it left
  delivered_on:
    description: The business day it arrived
  failed_attempts:
    description: How often nobody was home
  hours_to_door:
    description: From order to door
    type: decimal(10,1)
    unit: hour
checks:
  - references(order_id, warehouse.orders.order_id)
  - in_the_order_of_time:
      rows: delivered_at >= collected_at and collected_at >= placed_at
*/
with parcels as (
    select
        parcel_id,
        min(order_id) as order_id,
        min(carrier) as carrier,
        min(case when event = 'collected' then happened_at end) as collected_at,
        min(case when event = 'delivered' then happened_at end) as delivered_at,
        count(case when event = 'nobody_home' then 1 end) as failed_attempts
    from lake.fulfilment_carrier_events
    group by parcel_id
)

select
    p.parcel_id,
    p.order_id,
    p.carrier,
    o.placed_at,
    p.collected_at,
    p.delivered_at,
    cast(p.collected_at at time zone 'Europe/London' as date) as shipped_on,
    cast(p.delivered_at at time zone 'Europe/London' as date) as delivered_on,
    p.failed_attempts,
    cast(extract(epoch from (p.delivered_at - o.placed_at)) / 3600 as decimal(10,1)) as hours_to_door
from parcels as p
join warehouse.orders as o on p.order_id = o.order_id
