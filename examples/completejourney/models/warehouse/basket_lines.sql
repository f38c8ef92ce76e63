/* larder
description: Lines of baskets on the stores' own calendar, with their article.
grain: [basket_id, product_id]
columns:
  basket_id:
    description: The basket's number, all digits
    required: true
  household_id:
    required: true
  product_id:
    required: true
  bought_at:
    description: When it was bought
    required: true
  bought_on:
    description: The day it was bought, where the stores are
    required: true
  week:
    description: The retailer's week, Monday to Sunday; week 1 is the first Sunday of 2017 alone
    required: true
  department:
    description: Where the article belongs; empty for articles nobody described
  is_fuel:
    description: Whether the article is petrol
    required: true
  pieces:
    description: Pieces; empty for fuel
    unit: piece
  gallons:
    description: Gallons of fuel; empty for everything else, and where only an amount was asked for
    unit: gallon
  sales_value:
    description: What the retailer received
    type: decimal(18,2)
    currency: USD
    required: true
  shelf_value:
    description: What it would have been without loyalty card and coupons the retailer pays for
    type: decimal(18,2)
    currency: USD
    required: true
checks:
  - row_count > 0
  - pattern(basket_id, '^[0-9]+$')
  - every_line_once:
      that: count(*) by store_id
      equals:
        from: lake.journey_transactions
        that: count(*)
  - sales_tie_to_lake:
      that: sum(sales_value) by household_id
      equals:
        from: lake.journey_transactions
        that: sum(coalesce(larder.try_decimal(sales_value), 0))
  - week_is_monday_to_sunday:
      # Holds for every line in New York, and in no other zone.
      rows: larder.week_start(bought_on) = date '2016-12-26' + (week - 1) * 7
  - known_article:
      rule: required(department)
      severity: warn
  - coupons_pay_no_more_than_the_sale:
      rule: rows coupon_disc <= sales_value
      severity: warn
  - gallons_cost_what_gallons_cost:
      rows: gallons is null or (sales_value > gallons * 1.50 and sales_value < gallons * 4.00)
  - gallons_given:
      rule: rows not is_fuel or gallons is not null
      severity: warn
      description: Fuel for an amount of money has quantity 1
*/
with lines as (
    select
        case
            when basket_id like '%e+%' then cast(cast(cast(basket_id as double precision) as bigint) as varchar)
            else basket_id
        end as basket_id,
        household_id,
        store_id,
        product_id,
        bought_at at time zone 'UTC' as bought_at,
        cast(bought_at at time zone 'UTC' at time zone 'America/New_York' as date) as bought_on,
        week,
        quantity,
        cast(coalesce(larder.try_decimal(sales_value), 0) as decimal(18,2)) as sales_value,
        retail_disc,
        coupon_disc,
        coupon_match_disc
    from lake.journey_transactions
)

select
    l.basket_id,
    l.household_id,
    l.store_id,
    l.product_id,
    l.bought_at,
    l.bought_on,
    l.week,
    p.department,
    p.product_category,
    coalesce(p.is_fuel, false) as is_fuel,
    case when p.is_fuel then null else l.quantity end as pieces,
    case when p.is_fuel and l.quantity > 1 then cast(l.quantity * 0.001 as decimal(18,3)) end as gallons,
    l.sales_value,
    l.retail_disc,
    l.coupon_disc,
    l.coupon_match_disc,
    cast(l.sales_value + l.retail_disc + l.coupon_match_disc as decimal(18,2)) as shelf_value
from lines as l
left join warehouse.products as p on l.product_id = p.product_id
