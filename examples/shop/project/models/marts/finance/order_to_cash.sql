/* larder
description: >-
  How far the orders of each day have turned into money: ordered, shipped,
  captured, and what came back. Three systems wrote these figures; they agree to
  the penny.
grain: [ordered_on, currency]
columns:
  ordered_on:
    description: The business day of the order
  currency:
    description: What members paid in
  orders:
    description: Orders placed
    unit: order
  ordered:
    description: What the orders came to, after store credit
    type: decimal(18,2)
    currency: currency
  shipped:
    description: What has left, with the delivery fee, after store credit
    type: decimal(18,2)
    currency: currency
  not_shipped:
    description: What is still to leave, or was out of stock and is not charged
    type: decimal(18,2)
    currency: currency
  captured:
    description: Taken from cards when parcels left
    type: decimal(18,2)
    currency: currency
  refunded:
    description: Given back to cards
    type: decimal(18,2)
    currency: currency
  charged_back:
    description: Taken back by card holders' banks
    type: decimal(18,2)
    currency: currency
  fees:
    description: Kept by the payment provider
    type: decimal(18,2)
    currency: currency
  cash:
    description: captured - refunded - charged_back - fees
    type: decimal(18,2)
    currency: currency
checks:
  - row_count > 0
  - captured_is_shipped:
      rows: captured = shipped
  - nothing_given_back_twice:
      rows: refunded + charged_back <= captured
  - ordered_ties_to_lake:
      that: sum(ordered) by currency
      equals:
        from: lake.shop_orders
        that: sum(total)
*/

-- Each side is one row per order before they meet, so that no join multiplies.
-- Money is never added up without its currency beside it.
with goods as (
    select order_id, currency, sum(total) as total
    from warehouse.fulfilled_lines
    where outcome <> 'short'
    group by order_id, currency
),

money as (
    select
        order_id,
        currency,
        sum(case when kind = 'capture' then amount else 0 end) as captured,
        sum(case when kind = 'refund' then amount else 0 end) as refunded,
        sum(case when kind = 'chargeback' then amount else 0 end) as charged_back,
        sum(fee) as fees
    from warehouse.payments
    group by order_id, currency
),

-- The delivery fee leaves with the first goods; store credit is used up before
-- the card is charged.
orders as (
    select
        o.order_id,
        o.ordered_on,
        o.currency,
        o.total,
        coalesce(g.total + o.shipping - least(o.store_credit, g.total + o.shipping), 0) as shipped
    from warehouse.orders as o
    left join goods as g on o.order_id = g.order_id and o.currency = g.currency
)

select
    o.ordered_on,
    o.currency,
    count(*) as orders,
    cast(sum(o.total) as decimal(18,2)) as ordered,
    cast(sum(o.shipped) as decimal(18,2)) as shipped,
    cast(sum(o.total - o.shipped) as decimal(18,2)) as not_shipped,
    cast(coalesce(sum(m.captured), 0) as decimal(18,2)) as captured,
    cast(coalesce(sum(m.refunded), 0) as decimal(18,2)) as refunded,
    cast(coalesce(sum(m.charged_back), 0) as decimal(18,2)) as charged_back,
    cast(coalesce(sum(m.fees), 0) as decimal(18,2)) as fees,
    cast(coalesce(sum(m.captured - m.refunded - m.charged_back - m.fees), 0) as decimal(18,2)) as cash
from orders as o
left join money as m on o.order_id = m.order_id and o.currency = m.currency
group by o.ordered_on, o.currency
