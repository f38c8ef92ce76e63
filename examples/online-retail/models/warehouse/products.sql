/* larder
description: One row per stock code, articles and special codes alike.
grain: [stock_code]
columns:
  stock_code:
    description: The code in capitals
    required: true
  item_kind:
    description: article, or what a special code stands for
    required: true
    accepted: [article, carriage, discount, manual, sample, voucher, bookkeeping, test]
  description:
    description: The name typed most often at a price; the first by alphabet when two were typed as often
  descriptions:
    description: Different names and notes typed for the code
    required: true
  first_seen_on:
    description: Day of the first line of any kind
    required: true
  last_seen_on:
    description: Day of the newest line of any kind
    required: true
checks:
  - new_special_codes:
      # Articles start with a digit, except these. Anything else is a code
      # nobody has given a meaning yet, and would count as an article.
      rows: >-
        item_kind <> 'article' or substring(stock_code, 1, 1) between '0' and '9'
        or stock_code like 'DCGS%' or stock_code in ('PADS', 'SP1002')
      severity: warn
*/
with names as (
    select
        stock_code,
        trim(description) as description,
        count(case when unit_price > 0 then 1 end) as priced_lines
    from warehouse.order_lines
    where description is not null
    group by stock_code, trim(description)
),

ranked as (
    select
        stock_code,
        description,
        row_number() over (partition by stock_code order by priced_lines desc, description) as place,
        count(*) over (partition by stock_code) as descriptions
    from names
),

codes as (
    select
        stock_code,
        min(item_kind) as item_kind,
        min(invoice_on) as first_seen_on,
        max(invoice_on) as last_seen_on
    from warehouse.order_lines
    group by stock_code
)

select
    c.stock_code,
    c.item_kind,
    r.description,
    coalesce(r.descriptions, 0) as descriptions,
    c.first_seen_on,
    c.last_seen_on
from codes as c
left join ranked as r on c.stock_code = r.stock_code and r.place = 1
