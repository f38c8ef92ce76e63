/* larder
description: Orders with their shipment, and where the two contradict each other.
grain: [order_id]
columns:
  order_id:
    required: true
  ordered_on:
    description: The day the order was placed
    required: true
  region:
    description: Where the order goes
    required: true
  status:
    required: true
  mode:
    required: true
  shipped_on:
    description: The day of the shipment; empty when it was canceled
  days_to_ship:
    description: Calendar days from the order to the shipment; empty when it was canceled
    unit: day
  promised_days:
    description: Calendar days that were promised
    unit: day
    required: true
  delivery:
    description: early, on time or late by the dates and what was promised; canceled when it was
    required: true
    accepted: [early, on time, late, canceled]
  delivery_status:
    required: true
  contradiction:
    description: Why status and shipment cannot both be right; empty when they can
checks:
  - row_count > 0
  - references(mode, warehouse.shipping_modes.mode)
  - references(customer_id, warehouse.customers.customer_id)
  - never_shipped_before_ordered: range(days_to_ship, 0, )
  - every_order_once:
      that: count(*)
      equals:
        from: lake.dataco_orders
        that: count(*)
  - status_is_what_the_dates_say:
      # Holds for all shipments when days are calendar days: an order placed after
      # noon and shipped the same day twelve hours later is a day late.
      rows: >-
        delivery_status = case delivery when 'early' then 'Advance shipping' when 'on time' then 'Shipping on time'
        when 'late' then 'Late delivery' when 'canceled' then 'Shipping canceled' end
  - shipped_before_payment:
      rule: rows contradiction is distinct from 'shipped before payment'
      severity: warn
  - shipped_while_pending:
      rule: rows contradiction is distinct from 'shipped while pending'
      severity: warn
  - shipped_while_on_hold:
      rule: rows contradiction is distinct from 'shipped while on hold'
      severity: warn
  - shipped_under_review:
      rule: rows contradiction is distinct from 'shipped under review'
      severity: warn
  - canceled_with_a_shipping_date:
      rule: rows contradiction is distinct from 'canceled with a shipping date'
      severity: warn
  - canceled_orders_do_not_ship:
      rows: (delivery = 'canceled') = (status in ('CANCELED', 'SUSPECTED_FRAUD'))
*/
with shipments as (
    select
        s.order_id,
        s.shipping_id,
        s.mode,
        s.delivery_status,
        m.promised_days,
        s.delivery_status = 'Shipping canceled' as is_canceled,
        cast(s.shipped_at as date) as shipped_on
    from lake.dataco_shipping as s
    left join warehouse.shipping_modes as m on s.mode = m.mode
),

dated as (
    select
        o.order_id,
        o.customer_id,
        o.ordered_at,
        cast(o.ordered_at as date) as ordered_on,
        o.status,
        larder.squeeze(o.region) as region,
        o.state,
        s.shipping_id,
        s.mode,
        s.promised_days,
        s.delivery_status,
        s.is_canceled,
        case when not s.is_canceled then s.shipped_on end as shipped_on,
        s.shipped_on as date_given
    from lake.dataco_orders as o
    left join shipments as s on o.order_id = s.order_id
)

select
    order_id,
    customer_id,
    ordered_at,
    ordered_on,
    status,
    region,
    state,
    shipping_id,
    mode,
    promised_days,
    shipped_on,
    cast(shipped_on - ordered_on as integer) as days_to_ship,
    case
        when is_canceled then 'canceled'
        when shipped_on - ordered_on > promised_days then 'late'
        when shipped_on - ordered_on < promised_days then 'early'
        when shipped_on - ordered_on = promised_days then 'on time'
    end as delivery,
    delivery_status,
    case
        when is_canceled and date_given is not null then 'canceled with a shipping date'
        when is_canceled then null
        when status = 'PENDING_PAYMENT' then 'shipped before payment'
        when status = 'PENDING' then 'shipped while pending'
        when status = 'ON_HOLD' then 'shipped while on hold'
        when status = 'PAYMENT_REVIEW' then 'shipped under review'
    end as contradiction
from dated
