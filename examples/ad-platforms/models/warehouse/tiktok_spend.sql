/* larder
description: TikTok by campaign and day, hours together.
grain: [campaign_id, spent_on]
columns:
  campaign_id:
    description: The platform's own number of the campaign
    required: true
  spent_on:
    description: The day on the account's own calendar
    required: true
  currency:
    description: The advertiser's; two of four advertisers are not in the export
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
        from: lake.tiktok_campaign_report
        that: sum(spend)
        within: 0
  - clicks_ties_to_lake:
      that: sum(clicks)
      equals:
        from: lake.tiktok_campaign_report
        that: sum(clicks)
        within: 0
  - impressions_ties_to_lake:
      that: sum(impressions)
      equals:
        from: lake.tiktok_campaign_report
        that: sum(impressions)
        within: 0
*/
with campaigns as (
    select
        id,
        larder.last_by(account_id, changed_at) as account_id
    from lake.tiktok_campaigns
    group by id
)

select
    c.account_id,
    a.name as account_name,
    r.campaign_id,
    cast(null as varchar) as campaign_name,
    cast(r.hour_at as date) as spent_on,
    case a.currency when 'CAN' then 'CAD' else a.currency end as currency,
    cast(sum(r.impressions) as bigint) as impressions,
    cast(sum(r.clicks) as bigint) as clicks,
    cast(sum(r.spend) as decimal(18,6)) as spend,
    cast(sum(r.conversions) as decimal(18,6)) as conversions
from lake.tiktok_campaign_report as r
left join campaigns as c on r.campaign_id = c.id
left join lake.tiktok_advertisers as a on c.account_id = a.id
group by c.account_id, a.name, r.campaign_id, cast(r.hour_at as date), a.currency
