/* larder
description: Twitter by campaign and day on the account's calendar, placements together.
grain: [campaign_id, spent_on]
columns:
  campaign_id:
    description: The platform's own number of the campaign
    required: true
  spent_on:
    description: The day on the account's own calendar
    required: true
  currency:
    description: The campaign's; none of the campaigns reported is in the export
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
        from: lake.twitter_campaign_report
        that: sum(spend_micros * 0.000001)
        within: 0
  - clicks_ties_to_lake:
      that: sum(clicks)
      equals:
        from: lake.twitter_campaign_report
        that: sum(clicks)
        within: 0
  - impressions_ties_to_lake:
      that: sum(impressions)
      equals:
        from: lake.twitter_campaign_report
        that: sum(impressions)
        within: 0
*/
with campaigns as (
    select
        id,
        larder.last_by(name, changed_at) as name,
        larder.last_by(currency, changed_at) as currency
    from lake.twitter_campaigns
    group by id
),

accounts as (
    select
        id,
        larder.last_by(name, changed_at) as name,
        larder.last_by(time_zone, changed_at) as time_zone
    from lake.twitter_accounts
    group by id
),

days as (
    select
        r.account_id,
        a.name as account_name,
        r.campaign_id,
        c.name as campaign_name,
        c.currency,
        cast(r.began_at at time zone 'UTC' at time zone a.time_zone as date) as spent_on,
        r.impressions,
        r.clicks,
        r.spend_micros,
        r.conversions
    from lake.twitter_campaign_report as r
    inner join accounts as a on r.account_id = a.id
    left join campaigns as c on r.campaign_id = c.id
)

select
    account_id,
    account_name,
    campaign_id,
    campaign_name,
    spent_on,
    currency,
    cast(sum(impressions) as bigint) as impressions,
    cast(sum(clicks) as bigint) as clicks,
    cast(sum(spend_micros * 0.000001) as decimal(18,6)) as spend,
    cast(sum(conversions) as decimal(18,6)) as conversions
from days
group by account_id, account_name, campaign_id, campaign_name, spent_on, currency
