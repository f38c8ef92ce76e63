/* larder
description: Days the shop did not trade, with the trading days around them.
grain: [day]
build: view
columns:
  day:
    description: A day without a line
    required: true
  weekday:
    description: 1 for Monday to 7 for Sunday
    required: true
  closed_because:
    description: Why the shop was closed
    required: true
  holiday:
    description: Name of the bank holiday or Easter Sunday
  last_open_on:
    description: The last trading day before
    required: true
  next_open_on:
    description: The first trading day after; nothing until the shop opens again
*/
with around as (
    select
        day,
        weekday,
        closed_because,
        holiday,
        is_open,
        max(case when is_open then day end) over (
            order by day rows between unbounded preceding and current row
        ) as last_open_on,
        min(case when is_open then day end) over (
            order by day rows between current row and unbounded following
        ) as next_open_on
    from warehouse.calendar
)

select
    day,
    weekday,
    closed_because,
    holiday,
    last_open_on,
    next_open_on
from around
where not is_open
