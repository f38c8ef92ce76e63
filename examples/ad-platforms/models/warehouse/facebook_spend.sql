/* larder
description: Facebook by campaign and day, from its ads.
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
        from: lake.facebook_ad_report
        that: sum(spend)
        within: 0
  - clicks_ties_to_lake:
      that: sum(clicks)
      equals:
        from: lake.facebook_ad_report
        that: sum(clicks)
        within: 0
  - impressions_ties_to_lake:
      that: sum(impressions)
      equals:
        from: lake.facebook_ad_report
        that: sum(impressions)
        within: 0
  - required(campaign_name)
*/
with ads as (
    select
        id,
        larder.last_by(campaign_id, changed_at) as campaign_id
    from lake.facebook_ads
    group by id
),

campaigns as (
    select
        id,
        larder.last_by(name, changed_at) as name
    from lake.facebook_campaigns
    group by id
),

accounts as (
    select
        id,
        larder.last_by(name, changed_at) as name
    from lake.facebook_accounts
    group by id
),

leads as (
    -- The same lead comes twice, as "lead" and as "offsite_conversion.fb_pixel_lead".
    select
        ad_id,
        day,
        sum(actions) as actions
    from lake.facebook_ad_actions
    where kind = 'offsite_conversion.fb_pixel_lead'
    group by ad_id, day
)

select
    r.account_id,
    o.name as account_name,
    a.campaign_id,
    c.name as campaign_name,
    r.day as spent_on,
    cast(null as varchar) as currency,
    cast(sum(r.impressions) as bigint) as impressions,
    cast(sum(r.clicks) as bigint) as clicks,
    cast(sum(r.spend) as decimal(18,6)) as spend,
    cast(sum(l.actions) as decimal(18,6)) as conversions
from lake.facebook_ad_report as r
left join ads as a on r.ad_id = a.id
left join campaigns as c on a.campaign_id = c.id
left join accounts as o on r.account_id = o.id
left join leads as l on r.ad_id = l.ad_id and r.day = l.day
group by r.account_id, o.name, a.campaign_id, c.name, r.day
