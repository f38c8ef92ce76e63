/* larder
description: Microsoft Advertising by campaign and day, devices, networks and kinds of match together.
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
        from: lake.microsoft_campaign_report
        that: sum(spend)
        by: campaign_id, day
        within: 0
  - clicks_ties_to_lake:
      that: sum(clicks) by campaign_id, spent_on
      equals:
        from: lake.microsoft_campaign_report
        that: sum(clicks)
        by: campaign_id, day
        within: 0
  - impressions_ties_to_lake:
      that: sum(impressions) by campaign_id, spent_on
      equals:
        from: lake.microsoft_campaign_report
        that: sum(impressions)
        by: campaign_id, day
        within: 0
  - required(campaign_name, account_name)
*/
with campaigns as (
    select
        id,
        larder.last_by(name, changed_at) as name
    from lake.microsoft_campaigns
    group by id
),

accounts as (
    select
        id,
        larder.last_by(name, changed_at) as name
    from lake.microsoft_accounts
    group by id
)

select
    r.account_id,
    a.name as account_name,
    r.campaign_id,
    c.name as campaign_name,
    r.day as spent_on,
    r.currency,
    cast(sum(r.impressions) as bigint) as impressions,
    cast(sum(r.clicks) as bigint) as clicks,
    cast(sum(r.spend) as decimal(18,6)) as spend,
    cast(sum(r.conversions) as decimal(18,6)) as conversions
from lake.microsoft_campaign_report as r
left join campaigns as c on r.campaign_id = c.id
left join accounts as a on r.account_id = a.id
group by r.account_id, a.name, r.campaign_id, c.name, r.day, r.currency
