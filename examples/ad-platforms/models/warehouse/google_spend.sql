/* larder
description: Google Ads by campaign and day, devices and networks together.
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
      that: sum(spend) by campaign_id, spent_on
      equals:
        from: lake.google_campaign_stats
        that: sum(cost_micros * 0.000001)
        by: campaign_id, day
        within: 0
  - clicks_ties_to_lake:
      that: sum(clicks) by campaign_id, spent_on
      equals:
        from: lake.google_campaign_stats
        that: sum(clicks)
        by: campaign_id, day
        within: 0
  - impressions_ties_to_lake:
      that: sum(impressions) by campaign_id, spent_on
      equals:
        from: lake.google_campaign_stats
        that: sum(impressions)
        by: campaign_id, day
        within: 0
  - required(campaign_name, currency)
*/
with campaigns as (
    select
        id,
        larder.last_by(name, changed_at) as name
    from lake.google_campaigns
    group by id
),

accounts as (
    select
        id,
        larder.last_by(name, changed_at) as name,
        larder.last_by(currency, changed_at) as currency
    from lake.google_accounts
    group by id
)

select
    s.account_id,
    a.name as account_name,
    s.campaign_id,
    c.name as campaign_name,
    s.day as spent_on,
    a.currency,
    cast(sum(s.impressions) as bigint) as impressions,
    cast(sum(s.clicks) as bigint) as clicks,
    cast(sum(s.cost_micros * 0.000001) as decimal(18,6)) as spend,
    cast(sum(s.conversions) as decimal(18,6)) as conversions
from lake.google_campaign_stats as s
left join campaigns as c on s.campaign_id = c.id
left join accounts as a on s.account_id = a.id
group by s.account_id, a.name, s.campaign_id, c.name, s.day, a.currency
