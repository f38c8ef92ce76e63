/* larder
description: Reddit by campaign and day.
grain: [campaign_id, spent_on]
columns:
  campaign_id:
    description: The platform's own number of the campaign
    required: true
  spent_on:
    description: The day on the account's own calendar
    required: true
  currency:
    description: What spend is in; empty when the platform does not say
  clicks:
    description: Clicks as the platform counts them
    type: bigint
    required: true
  spend:
    description: What the platform charged
    type: decimal(18,6)
    currency: currency
    required: true
  conversions:
    description: Conversions as the platform counts them; empty when it gives none
    type: decimal(18,6)
  impressions:
    description: How often an ad was shown; empty when the platform does not say
    type: bigint
checks:
  - row_count > 0
  - spend_ties_to_lake:
      that: sum(spend)
      equals:
        from: lake.reddit_campaign_report
        that: sum(spend_micros * 0.000001)
        within: 0
  - clicks_ties_to_lake:
      that: sum(clicks)
      equals:
        from: lake.reddit_campaign_report
        that: sum(clicks)
        within: 0
  - impressions_ties_to_lake:
      that: sum(impressions)
      equals:
        from: lake.reddit_campaign_report
        that: sum(impressions)
        within: 0
  - required(campaign_name, currency)
*/
with converted as (
    select
        campaign_id,
        day,
        sum(clicked + viewed) as conversions
    from lake.reddit_conversions
    where event = 'purchase'
    group by campaign_id, day
)

select
    r.account_id,
    cast(null as varchar) as account_name,
    r.campaign_id,
    c.name as campaign_name,
    r.day as spent_on,
    a.currency,
    r.impressions,
    r.clicks,
    cast(r.spend_micros * 0.000001 as decimal(18,6)) as spend,
    cast(v.conversions as decimal(18,6)) as conversions
from lake.reddit_campaign_report as r
left join lake.reddit_campaigns as c on r.campaign_id = c.id
left join lake.reddit_accounts as a on r.account_id = a.id
left join converted as v on r.campaign_id = v.campaign_id and r.day = v.day
