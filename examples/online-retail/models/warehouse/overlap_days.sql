/* larder
description: Days that arrived in both deliveries, and whether the two say the same.
grain: [invoice_on]
columns:
  invoice_on:
    description: A day found in the archive and in the daily files
    required: true
  lines_archive:
    description: Lines of the day in the archive
    unit: line
    required: true
  lines_daily:
    description: Lines of the day in the daily file
    unit: line
    required: true
  lines_matched:
    description: Lines found in both, the second copy of a line matching only a second copy
    unit: line
    required: true
  amount_archive:
    description: Quantity times unit price of the archive's lines
    type: decimal(18,3)
    currency: GBP
    required: true
checks:
  # The proof order_lines rests on: as multisets the two deliveries of a day
  # are equal, so dropping one of them loses no line and doubles none. When
  # they differ somebody has to say which one is right, so it blocks.
  - same_lines:
      rows: lines_archive = lines_matched and lines_daily = lines_matched
*/
with both_days as (
    select invoice_on
    from warehouse.lines_delivered
    group by invoice_on
    having count(distinct delivered_by) = 2
),

-- Identical lines are told apart by counting them within their delivery.
numbered as (
    select
        l.delivered_by,
        l.invoice_no,
        l.stock_code,
        l.description,
        l.quantity,
        l.invoice_at,
        l.invoice_on,
        l.unit_price,
        l.customer_id,
        l.country,
        row_number() over (
            partition by l.delivered_by, l.invoice_no, l.stock_code, l.description, l.quantity,
                l.invoice_at, l.unit_price, l.customer_id, l.country
            order by l.invoice_at
        ) as occurrence
    from warehouse.lines_delivered as l
    inner join both_days as d on l.invoice_on = d.invoice_on
),

lines as (
    select
        invoice_on,
        quantity,
        unit_price,
        count(case when delivered_by = 'archive' then 1 end) as in_archive,
        count(case when delivered_by = 'daily' then 1 end) as in_daily
    from numbered
    group by
        invoice_on, invoice_no, stock_code, description, quantity, invoice_at, unit_price,
        customer_id, country, occurrence
)

select
    invoice_on,
    cast(sum(in_archive) as bigint) as lines_archive,
    cast(sum(in_daily) as bigint) as lines_daily,
    count(case when in_archive = 1 and in_daily = 1 then 1 end) as lines_matched,
    cast(sum(in_archive * quantity * unit_price) as decimal(18,3)) as amount_archive
from lines
group by invoice_on
