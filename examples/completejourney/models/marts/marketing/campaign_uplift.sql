/* larder
description: >-
  Whether households that got a campaign spent more while it ran than in as many days before, compared with
  households that never got any. Campaigns that reach beyond the year have no comparison.
grain: [campaign_id]
columns:
  campaign_id:
    required: true
  campaign_type:
    required: true
  start_date:
    required: true
  end_date:
    required: true
  days:
    description: Days the campaign ran
    unit: day
    required: true
  is_comparable:
    description: Whether the campaign and as many days before it lie in 2017
    required: true
  sent:
    description: Households that got the campaign
    unit: household
    required: true
  households:
    description: Of them, households that bought something in the year
    unit: household
    required: true
  redeeming:
    description: Households that handed in a coupon of the campaign
    unit: household
    required: true
  redemptions:
    description: Coupons of the campaign that were handed in
    unit: coupon
    required: true
  spend_before:
    description: What the households spent in as many days before
    type: decimal(18,2)
    currency: USD
  spend_during:
    description: What they spent while it ran
    type: decimal(18,2)
    currency: USD
  control_households:
    description: Households that bought something in the year and never got a campaign
    unit: household
    required: true
  control_before:
    description: What those spent in the days before
    type: decimal(18,2)
    currency: USD
  control_during:
    description: What those spent while it ran
    type: decimal(18,2)
    currency: USD
  uplift:
    description: >-
      Change of spend a household and day, less the same of the households that never got a campaign; a
      difference of differences, no proof
    type: decimal(18,6)
    currency: USD
checks:
  - row_count > 0
  - every_redemption:
      that: sum(redemptions) by campaign_id
      where: redemptions > 0
      equals:
        from: lake.journey_redemptions
        that: count(*)
  - redeeming_got_it: rows redeeming <= sent
  - uplift_where_comparable: rows (is_comparable and households > 0 and control_households > 0) = (uplift is not null)
*/
with campaigns as (
    select
        campaign_id,
        campaign_type,
        start_date,
        end_date,
        cast(end_date - start_date + 1 as integer) as days
    from lake.journey_campaigns
),

windows as (
    select
        campaign_id,
        campaign_type,
        start_date,
        end_date,
        days,
        start_date - days as before_from,
        start_date - days >= date '2017-01-01' and end_date <= date '2017-12-31' as is_comparable
    from campaigns
),

daily as (
    select
        household_id,
        bought_on,
        sum(sales_value) as spend
    from warehouse.basket_lines
    group by household_id, bought_on
),

shoppers as (
    select distinct household_id from daily
),

untouched as (
    select s.household_id
    from shoppers as s
    where not exists (select 1 from lake.journey_campaign_households as c where c.household_id = s.household_id)
),

reached as (
    select
        c.campaign_id,
        count(*) as sent,
        count(s.household_id) as households
    from lake.journey_campaign_households as c
    left join shoppers as s on c.household_id = s.household_id
    group by c.campaign_id
),

redeemed as (
    select
        campaign_id,
        count(*) as redemptions,
        count(distinct household_id) as redeeming
    from warehouse.redemptions
    group by campaign_id
),

spend as (
    select
        w.campaign_id,
        sum(case when m.household_id is not null and d.bought_on < w.start_date then d.spend end) as spend_before,
        sum(case when m.household_id is not null and d.bought_on >= w.start_date then d.spend end) as spend_during,
        sum(case when u.household_id is not null and d.bought_on < w.start_date then d.spend end) as control_before,
        sum(case when u.household_id is not null and d.bought_on >= w.start_date then d.spend end) as control_during
    from windows as w
    inner join daily as d on d.bought_on >= w.before_from and d.bought_on <= w.end_date
    left join lake.journey_campaign_households as m on m.campaign_id = w.campaign_id and m.household_id = d.household_id
    left join untouched as u on u.household_id = d.household_id
    where w.is_comparable
    group by w.campaign_id
)

select
    w.campaign_id,
    w.campaign_type,
    w.start_date,
    w.end_date,
    w.days,
    w.is_comparable,
    coalesce(r.sent, 0) as sent,
    coalesce(r.households, 0) as households,
    coalesce(v.redeeming, 0) as redeeming,
    coalesce(v.redemptions, 0) as redemptions,
    cast(case when w.is_comparable then coalesce(s.spend_before, 0) end as decimal(18,2)) as spend_before,
    cast(case when w.is_comparable then coalesce(s.spend_during, 0) end as decimal(18,2)) as spend_during,
    n.control_households,
    cast(case when w.is_comparable then coalesce(s.control_before, 0) end as decimal(18,2)) as control_before,
    cast(case when w.is_comparable then coalesce(s.control_during, 0) end as decimal(18,2)) as control_during,
    cast(case when w.is_comparable then
        larder.divide(coalesce(s.spend_during, 0) - coalesce(s.spend_before, 0), r.households * w.days, 6)
        - larder.divide(coalesce(s.control_during, 0) - coalesce(s.control_before, 0), n.control_households * w.days, 6)
    end as decimal(18,6)) as uplift
from windows as w
cross join (select count(*) as control_households from untouched) as n
left join reached as r on w.campaign_id = r.campaign_id
left join redeemed as v on w.campaign_id = v.campaign_id
left join spend as s on w.campaign_id = s.campaign_id
