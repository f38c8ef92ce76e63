/* larder
description: Articles promoted in the two stores that report it, and how much of the sales they were, by week.
grain: [store_id, week]
columns:
  store_id:
    required: true
  week:
    description: The retailer's week
    required: true
  promoted:
    description: Articles on display, in the mailer or both
    unit: article
    required: true
  on_display:
    description: Articles on display or set out in the shelf
    unit: article
    required: true
  in_mailer:
    description: Articles in the mailer
    unit: article
    required: true
  lines:
    description: Basket lines of the week
    unit: line
    required: true
  promoted_lines:
    description: Of them, lines of articles that were promoted
    unit: line
    required: true
  spend:
    description: What the retailer received
    type: decimal(18,2)
    currency: USD
    required: true
  promoted_spend:
    description: The part of it for articles that were promoted
    type: decimal(18,2)
    currency: USD
    required: true
checks:
  - row_count > 0
  - every_promotion_counted:
      that: sum(promoted) by store_id, week
      where: promoted > 0
      equals:
        from: lake.journey_promotions
        that: count(*)
  - rows promoted_lines <= lines
  - spend_ties_to_lines:
      that: sum(spend) by store_id
      equals:
        from: warehouse.basket_lines
        that: sum(sales_value)
        where: store_id in (select store_id from lake.journey_promotions)
*/
with promoted as (
    select
        store_id,
        week,
        count(*) as promoted,
        count(*) filter (where display_location <> '0') as on_display,
        count(*) filter (where mailer_location <> '0') as in_mailer
    from lake.journey_promotions
    group by store_id, week
),

sold as (
    select
        l.store_id,
        l.week,
        count(*) as lines,
        count(p.product_id) as promoted_lines,
        sum(l.sales_value) as spend,
        sum(case when p.product_id is not null then l.sales_value end) as promoted_spend
    from warehouse.basket_lines as l
    inner join (select distinct store_id from promoted) as t on l.store_id = t.store_id
    left join lake.journey_promotions as p
        on l.store_id = p.store_id and l.week = p.week and l.product_id = p.product_id
    group by l.store_id, l.week
),

weeks as (
    select store_id, week from promoted
    union
    select store_id, week from sold
)

select
    w.store_id,
    w.week,
    coalesce(p.promoted, 0) as promoted,
    coalesce(p.on_display, 0) as on_display,
    coalesce(p.in_mailer, 0) as in_mailer,
    coalesce(s.lines, 0) as lines,
    coalesce(s.promoted_lines, 0) as promoted_lines,
    cast(coalesce(s.spend, 0) as decimal(18,2)) as spend,
    cast(coalesce(s.promoted_spend, 0) as decimal(18,2)) as promoted_spend
from weeks as w
left join promoted as p on w.store_id = p.store_id and w.week = p.week
left join sold as s on w.store_id = s.store_id and w.week = s.week
