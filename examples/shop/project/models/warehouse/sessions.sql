/* larder
description: One row per web session and how far down the funnel it came.
owner: marketing
grain: [session_id]
columns:
  session_id:
    description: The session
    required: true
  session_on:
    description: The business day it began
  device:
    description: phone, desktop or tablet
  member_id:
    description: Who it was, when signed in
  campaign_id:
    description: The campaign the visitor clicked, or organic
  events:
    description: How much was clicked
  step:
    description: 1 looked, 2 put something in the cart, 3 went to the checkout, 4 bought
    accepted: [1, 2, 3, 4]
  order_id:
    description: What they bought
checks:
  - bought_means_order:
      rows: (order_id is not null) = (step = 4)
*/
select
    session_id,
    cast(min(happened_at) at time zone 'Europe/London' as date) as session_on,
    min(device) as device,
    min(member_id) as member_id,
    coalesce(min(campaign_id), 'organic') as campaign_id,
    count(*) as events,
    max(case event when 'purchase' then 4 when 'checkout' then 3 when 'add_to_cart' then 2 else 1 end) as step,
    min(order_id) as order_id
from lake.web_events
group by session_id
