/* larder
description: What each campaign spent on each day, on all networks, in pounds.
owner: marketing
grain: [campaign_id, spent_on]
columns:
  campaign_id:
    description: The campaign
    required: true
  title:
    description: Its title
  network:
    description: search or social
  spent_on:
    description: The day
    required: true
  impressions:
    description: How often it was shown
  clicks:
    description: How often it was clicked
  spend_gbp:
    description: Spend in pounds, at the rate of the day
    type: decimal(18,2)
    currency: GBP
    required: true
checks:
  - rows clicks <= impressions
  - spend_cap:
      description: A budget typed with two zeros too many is the dearest mistake marketing can make
      that: sum(spend_gbp) by campaign_id, spent_on
      warn: "> 1000"
      block: "> 10000"
  - sum(spend_gbp) by campaign_id over spent_on within 2.5 stddev of last 28 days
*/
with networks as (
    select campaign_id, title, 'search' as network, spent_on, impressions, clicks, 'USD' as currency, spend
    from lake.ads_search

    union all

    select campaign_id, title, 'social' as network, spent_on, impressions, clicks, 'EUR' as currency, spend
    from lake.ads_social
)

select
    n.campaign_id,
    n.title,
    n.network,
    n.spent_on,
    n.impressions,
    n.clicks,
    cast(n.spend * r.gbp_per_unit as decimal(18,2)) as spend_gbp
from networks as n
left join warehouse.fx_rates as r
    on n.currency = r.currency and n.spent_on >= r.valid_from and n.spent_on < r.valid_to
