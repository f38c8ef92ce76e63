/* larder
description: One row per time a member asked for help.
owner: member_services
grain: [contact_id]
columns:
  contact_id:
    description: The ticket
    required: true
  contact_on:
    description: The business day it was opened
  order_id:
    description: The order it is about
  channel:
    description: chat, email or phone
  reason:
    description: What it is about
    required: true
  minutes:
    description: How long it took
    unit: minute
  satisfaction:
    description: 1 to 5, when the member answered
  credit_gbp:
    description: Store credit granted, in pounds at the rate of the day
    type: decimal(18,2)
    currency: GBP
    required: true
checks:
  - range(satisfaction, 1, 5)
  - references(order_id, warehouse.orders.order_id)
*/
with dated as (
    select
        contact_id,
        cast(opened_at at time zone 'Europe/London' as date) as contact_on,
        order_id,
        channel,
        reason,
        minutes,
        satisfaction,
        credit_granted,
        currency
    from lake.service_contacts
)

select
    c.contact_id,
    c.contact_on,
    c.order_id,
    c.channel,
    c.reason,
    c.minutes,
    c.satisfaction,
    cast(c.credit_granted * r.gbp_per_unit as decimal(18,2)) as credit_gbp
from dated as c
left join warehouse.fx_rates as r
    on c.currency = r.currency and c.contact_on >= r.valid_from and c.contact_on < r.valid_to
