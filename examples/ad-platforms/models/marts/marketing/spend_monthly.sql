/* larder
description: Spend by platform, currency and month, and what a click cost.
grain: [platform, currency, month]
columns:
  platform:
    required: true
  currency:
    description: What spend is in; the word unknown when the platform does not say
    required: true
  month:
    description: First day of the month
    required: true
  campaigns:
    description: Campaigns with a row in the month
    unit: campaign
  spend:
    description: What the platform charged
    type: decimal(18,6)
    currency: currency
    required: true
  cost_per_click:
    description: Spend by clicks, empty without clicks
    type: decimal(18,6)
    currency: currency
checks:
  - row_count > 0
  - ties_to_spend:
      that: sum(spend) by platform, month
      equals:
        from: marketing.spend
        that: sum(spend)
        by: platform, larder.month_start(spent_on)
        within: 0
*/
select
    platform,
    coalesce(currency, 'unknown') as currency,
    larder.month_start(spent_on) as month,
    count(distinct campaign_id) as campaigns,
    cast(sum(impressions) as bigint) as impressions,
    cast(sum(clicks) as bigint) as clicks,
    cast(sum(spend) as decimal(18,6)) as spend,
    cast(larder.divide(sum(spend), sum(clicks), 6) as decimal(18,6)) as cost_per_click,
    cast(sum(conversions) as decimal(18,6)) as conversions
from marketing.spend
group by 1, 2, 3
