/* larder
description: LinkedIn by campaign and day, in the account's currency.
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
        from: lake.linkedin_campaign_report
        that: sum(cost)
        within: 0
  - clicks_ties_to_lake:
      that: sum(clicks)
      equals:
        from: lake.linkedin_campaign_report
        that: sum(clicks)
        within: 0
  - impressions_ties_to_lake:
      that: sum(impressions)
      equals:
        from: lake.linkedin_campaign_report
        that: sum(impressions)
        within: 0
  - required(campaign_name, currency)
  - dollars_are_dollars:
      that: sum(spend)
      where: currency = 'USD'
      equals:
        from: lake.linkedin_campaign_report
        that: sum(cost_usd)
        within: 0
*/
with campaigns as (
    select
        id,
        larder.last_by(name, changed_at) as name,
        larder.last_by(account_id, changed_at) as account_id
    from lake.linkedin_campaigns
    group by id
),

accounts as (
    select
        id,
        larder.last_by(name, changed_at) as name,
        larder.last_by(currency, changed_at) as currency
    from lake.linkedin_accounts
    group by id
)

select
    c.account_id,
    a.name as account_name,
    r.campaign_id,
    c.name as campaign_name,
    cast(r.day_at as date) as spent_on,
    a.currency,
    r.impressions,
    r.clicks,
    r.cost as spend,
    r.conversions
from lake.linkedin_campaign_report as r
left join campaigns as c on r.campaign_id = c.id
left join accounts as a on c.account_id = a.id
