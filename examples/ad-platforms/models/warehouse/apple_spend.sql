/* larder
description: Apple Search Ads by campaign and day; a tap is a click.
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
        from: lake.apple_campaign_report
        that: sum(spend)
        within: 0
  - clicks_ties_to_lake:
      that: sum(clicks)
      equals:
        from: lake.apple_campaign_report
        that: sum(taps)
        within: 0
  - impressions_ties_to_lake:
      that: sum(impressions)
      equals:
        from: lake.apple_campaign_report
        that: sum(impressions)
        within: 0
  - required(campaign_name, account_name)
*/
with campaigns as (
    select
        id,
        larder.last_by(name, changed_at) as name,
        larder.last_by(organization_id, changed_at) as organization_id
    from lake.apple_campaigns
    group by id
)

select
    c.organization_id as account_id,
    o.name as account_name,
    r.campaign_id,
    c.name as campaign_name,
    r.day as spent_on,
    r.currency,
    r.impressions,
    r.taps as clicks,
    r.spend,
    r.conversions
from lake.apple_campaign_report as r
left join campaigns as c on r.campaign_id = c.id
left join lake.apple_organizations as o on c.organization_id = o.id
