/* larder
description: What every household that bought something spent in the year, with what is known of it.
grain: [household_id]
columns:
  household_id:
    required: true
  income:
    description: What the household earns; empty for those nobody asked
  baskets:
    description: Times the household went shopping
    unit: basket
    required: true
  first_on:
    description: The first day it bought something
    required: true
  last_on:
    description: The last day it bought something
    required: true
  spend:
    description: What the retailer received
    type: decimal(18,2)
    currency: USD
    required: true
  fuel_spend:
    description: The part of it that was fuel
    type: decimal(18,2)
    currency: USD
    required: true
  loyalty_discount:
    description: What the loyalty card took off
    type: decimal(18,2)
    currency: USD
    required: true
  coupon_discount:
    description: What coupons took off, the manufacturers' part and the retailer's
    type: decimal(18,2)
    currency: USD
    required: true
  campaigns:
    description: Campaigns the household got
    unit: campaign
    required: true
  redemptions:
    description: Coupons it handed in
    unit: coupon
    required: true
checks:
  - row_count > 0
  - spend_ties_to_lake:
      that: sum(spend)
      equals:
        from: lake.journey_transactions
        that: sum(coalesce(larder.try_decimal(sales_value), 0))
  - discounts_tie_to_lake:
      that: sum(loyalty_discount) + sum(coupon_discount)
      equals:
        from: lake.journey_transactions
        that: sum(retail_disc) + sum(coupon_disc) + sum(coupon_match_disc)
  - demographics_known:
      rule: required(income)
      severity: warn
      description: Of two households in three nothing is known but what they buy
*/
with bought as (
    select
        household_id,
        count(distinct basket_id) as baskets,
        min(bought_on) as first_on,
        max(bought_on) as last_on,
        cast(sum(sales_value) as decimal(18,2)) as spend,
        cast(sum(case when is_fuel then sales_value else 0 end) as decimal(18,2)) as fuel_spend,
        cast(sum(retail_disc) as decimal(18,2)) as loyalty_discount,
        cast(sum(coupon_disc + coupon_match_disc) as decimal(18,2)) as coupon_discount
    from warehouse.basket_lines
    group by household_id
),

sent as (
    select
        household_id,
        count(*) as campaigns
    from lake.journey_campaign_households
    group by household_id
),

redeemed as (
    select
        household_id,
        count(*) as redemptions
    from warehouse.redemptions
    group by household_id
)

select
    b.household_id,
    d.age,
    d.income,
    d.household_size,
    b.baskets,
    b.first_on,
    b.last_on,
    b.spend,
    b.fuel_spend,
    b.loyalty_discount,
    b.coupon_discount,
    coalesce(s.campaigns, 0) as campaigns,
    coalesce(r.redemptions, 0) as redemptions
from bought as b
left join lake.journey_demographics as d on b.household_id = d.household_id
left join sent as s on b.household_id = s.household_id
left join redeemed as r on b.household_id = r.household_id
