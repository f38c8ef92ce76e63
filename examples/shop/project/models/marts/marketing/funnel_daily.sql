/* larder
description: How many web sessions came how far, by day and device.
grain: [session_on, device]
columns:
  session_on:
    description: The business day the session began
  device:
    description: phone, desktop or tablet
  sessions:
    description: All of them
    unit: session
  with_cart:
    description: Of them, those that put something in the cart
    unit: session
  at_checkout:
    description: Of them, those that went to the checkout
    unit: session
  bought:
    description: Of them, those that bought
    unit: session
  conversion:
    description: bought of sessions
    type: decimal(7,4)
checks:
  - row_count > 0
  - a_funnel_narrows:
      rows: sessions >= with_cart and with_cart >= at_checkout and at_checkout >= bought
  - purchases_are_orders:
      that: sum(bought)
      equals:
        from: warehouse.orders
        that: count(*)
  - sum(sessions) over session_on within 2.5 stddev of last 28 days
*/
select
    session_on,
    device,
    count(*) as sessions,
    count(case when step >= 2 then 1 end) as with_cart,
    count(case when step >= 3 then 1 end) as at_checkout,
    count(case when step >= 4 then 1 end) as bought,
    cast(count(case when step >= 4 then 1 end) * 1.0 / count(*) as decimal(7,4)) as conversion
from warehouse.sessions
group by session_on, device
