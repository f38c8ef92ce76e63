/* larder
description: Pinterest by campaign and day, paid and earned together.
grain: [campaign_id, spent_on]
columns:
  campaign_id:
    description: The platform's own number of the campaign
    required: true
  spent_on:
    description: The day on the account's own calendar
    required: true
  currency:
    description: Dollars, because the column's name says so
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
        from: lake.pinterest_campaign_report
        that: sum(spend_micros * 0.000001)
        within: 0
  - clicks_ties_to_lake:
      that: sum(clicks)
      equals:
        from: lake.pinterest_campaign_report
        that: sum(paid_clicks + earned_clicks)
        within: 0
  - impressions_ties_to_lake:
      that: sum(impressions)
      equals:
        from: lake.pinterest_campaign_report
        that: sum(paid_impressions + earned_impressions)
        within: 0
*/
select
    account_id,
    cast(null as varchar) as account_name,
    campaign_id,
    campaign_name,
    day as spent_on,
    'USD' as currency,
    paid_impressions + earned_impressions as impressions,
    paid_clicks + earned_clicks as clicks,
    cast(spend_micros * 0.000001 as decimal(18,6)) as spend,
    conversions
from lake.pinterest_campaign_report
