/* larder
description: Snapchat by campaign and day, hours together; a swipe is a click.
grain: [campaign_id, spent_on]
columns:
  campaign_id:
    description: The platform's own number of the campaign
    required: true
  spent_on:
    description: The day on the account's own calendar
    required: true
  currency:
    description: Empty, the export does not name it
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
        from: lake.snapchat_campaign_report
        that: sum(spend_micros * 0.000001)
        within: 0
  - clicks_ties_to_lake:
      that: sum(clicks)
      equals:
        from: lake.snapchat_campaign_report
        that: sum(swipes)
        within: 0
  - impressions_ties_to_lake:
      that: sum(impressions)
      equals:
        from: lake.snapchat_campaign_report
        that: sum(impressions)
        within: 0
*/
with campaigns as (
    select
        id,
        larder.last_by(name, changed_at) as name,
        larder.last_by(account_id, changed_at) as account_id
    from lake.snapchat_campaigns
    group by id
)

select
    c.account_id,
    cast(null as varchar) as account_name,
    r.campaign_id,
    c.name as campaign_name,
    cast(r.hour_at as date) as spent_on,
    cast(null as varchar) as currency,
    cast(sum(r.impressions) as bigint) as impressions,
    cast(sum(r.swipes) as bigint) as clicks,
    cast(sum(r.spend_micros * 0.000001) as decimal(18,6)) as spend,
    cast(sum(r.purchases) as decimal(18,6)) as conversions
from lake.snapchat_campaign_report as r
left join campaigns as c on r.campaign_id = c.id
group by c.account_id, r.campaign_id, c.name, cast(r.hour_at as date)
