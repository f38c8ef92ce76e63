/* larder
description: >-
  One row per day from the first invoice to the newest, whether the shop traded and if not why.
  It never runs past the day of the run, whatever date a line carries.
grain: [day]
columns:
  day:
    description: A day of the shop's time zone
    required: true
  weekday:
    description: 1 for Monday to 7 for Sunday
    required: true
    accepted: [1, 2, 3, 4, 5, 6, 7]
  month:
    description: First day of the month
    required: true
  holiday:
    description: Name of the bank holiday or Easter Sunday; nothing on other days
  lines:
    description: Invoice lines written on the day
    unit: line
    required: true
  is_open:
    description: Whether any line was written
    required: true
  closed_because:
    description: Why the shop was closed; nothing on a day it traded
    accepted: [Saturday, holiday, Christmas break, not known]
checks:
  - closed_days_have_a_reason:
      rows: (closed_because is null) = is_open
  - every_line_has_a_day:
      # Differs when a line is dated after the run.
      that: sum(lines)
      equals:
        from: warehouse.order_lines
        that: count(*)
        within: 0
  - closed_unexpectedly:
      # A weekday without a line is a file that has not arrived, until shown
      # otherwise.
      rows: closed_because <> 'not known'
      severity: warn
*/
with traded as (
    select
        invoice_on as day,
        count(*) as lines
    from warehouse.order_lines
    group by invoice_on
),

span as (
    select
        min(day) as first_day,
        least(max(day), cast($now as date)) as last_day
    from traded
),

digits as (
    select digit
    from (values (0), (1), (2), (3), (4), (5), (6), (7), (8), (9)) as d (digit)
),

-- 10,000 days are enough for 27 years.
days as (
    select cast(s.first_day + (a.digit + 10 * b.digit + 100 * c.digit + 1000 * d.digit) * interval '1' day as date) as day
    from span as s
    cross join digits as a
    cross join digits as b
    cross join digits as c
    cross join digits as d
),

known as (
    select
        d.day,
        cast(extract(isodow from d.day) as integer) as weekday,
        cast(date_trunc('month', d.day) as date) as month,
        h.name as holiday,
        coalesce(t.lines, 0) as lines
    from days as d
    inner join span as s on d.day <= s.last_day
    left join warehouse.holidays as h on d.day = h.day
    left join traded as t on d.day = t.day
)

select
    day,
    weekday,
    month,
    holiday,
    lines,
    lines > 0 as is_open,
    case
        when lines > 0 then null
        when weekday = 6 then 'Saturday'
        when holiday is not null then 'holiday'
        when extract(month from day) = 12 and extract(day from day) >= 24 then 'Christmas break'
        when extract(month from day) = 1 and extract(day from day) <= 3 then 'Christmas break'
        else 'not known'
    end as closed_because
from known
