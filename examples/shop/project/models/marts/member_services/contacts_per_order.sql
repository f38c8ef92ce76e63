/* larder
description: How often members need help, what with, and what it costs, by day and reason.
grain: [contact_on, reason]
columns:
  contact_on:
    description: The business day
  reason:
    description: What they needed help with
    accepted: [late, missing, substitution, quality, question]
  contacts:
    description: Times they asked
    unit: contact
  orders:
    description: Orders placed that day, for any reason's row the same
    unit: order
  contacts_per_100_orders:
    description: contacts of orders, times 100
    type: decimal(9,2)
    unit: contact/100 orders
  minutes:
    description: Time spent
    unit: minute
  average_satisfaction:
    description: 1 to 5, of those who answered
    type: decimal(4,2)
  credit_gbp:
    description: Store credit granted
    type: decimal(18,2)
    currency: GBP
checks:
  - every_contact_counts:
      that: sum(contacts)
      equals:
        from: lake.service_contacts
        that: count(*)
*/
with orders as (
    select ordered_on, count(*) as orders
    from warehouse.orders
    group by ordered_on
)

select
    c.contact_on,
    c.reason,
    count(*) as contacts,
    coalesce(o.orders, 0) as orders,
    cast(count(*) * 100.0 / nullif(o.orders, 0) as decimal(9,2)) as contacts_per_100_orders,
    cast(sum(c.minutes) as bigint) as minutes,
    cast(avg(c.satisfaction) as decimal(4,2)) as average_satisfaction,
    cast(sum(c.credit_gbp) as decimal(18,2)) as credit_gbp
from warehouse.contacts as c
left join orders as o on c.contact_on = o.ordered_on
group by c.contact_on, c.reason, o.orders
