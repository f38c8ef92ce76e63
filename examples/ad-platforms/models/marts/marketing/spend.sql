/* larder
description: What every platform says was spent, by campaign and day of the account.
grain: [platform, campaign_id, spent_on]
columns:
  platform:
    description: Who was paid
    accepted: [amazon, apple, facebook, google, linkedin, microsoft, pinterest, reddit, snapchat, tiktok, twitter]
    required: true
  account_id:
    description: The account that pays, where the platform says so
  account_name:
    description: Its name, where the platform says so
  campaign_id:
    description: The platform's own number of the campaign
    required: true
  campaign_name:
    description: What the campaign is called now
  spent_on:
    description: The day on the account's own calendar
    required: true
  currency:
    description: What spend is in; empty when the platform does not say
  impressions:
    description: How often an ad was shown; empty when the platform does not say
  clicks:
    description: Clicks, taps or swipes
    required: true
  spend:
    description: What the platform charged, to the millionth
    type: decimal(18,6)
    currency: currency
    required: true
  conversions:
    description: Conversions as the platform counts them, which no two do alike; empty when it gives none
checks:
  - row_count > 0
  - range(spend, 0, )
  - range(clicks, 0, )
  - micros_are_not_money:
      rows: spend <= clicks * 100 + 1
      description: A click for more than a hundred is money in the wrong unit
  - currency_known:
      rule: required(currency)
      severity: warn
  - campaign_known:
      rule: required(campaign_name)
      severity: warn
*/
select
    'amazon' as platform, account_id, account_name, campaign_id, campaign_name, spent_on, currency,
    impressions, clicks, spend, conversions
from warehouse.amazon_spend
union all
select
    'apple' as platform, account_id, account_name, campaign_id, campaign_name, spent_on, currency,
    impressions, clicks, spend, conversions
from warehouse.apple_spend
union all
select
    'facebook' as platform, account_id, account_name, campaign_id, campaign_name, spent_on, currency,
    impressions, clicks, spend, conversions
from warehouse.facebook_spend
union all
select
    'google' as platform, account_id, account_name, campaign_id, campaign_name, spent_on, currency,
    impressions, clicks, spend, conversions
from warehouse.google_spend
union all
select
    'linkedin' as platform, account_id, account_name, campaign_id, campaign_name, spent_on, currency,
    impressions, clicks, spend, conversions
from warehouse.linkedin_spend
union all
select
    'microsoft' as platform, account_id, account_name, campaign_id, campaign_name, spent_on, currency,
    impressions, clicks, spend, conversions
from warehouse.microsoft_spend
union all
select
    'pinterest' as platform, account_id, account_name, campaign_id, campaign_name, spent_on, currency,
    impressions, clicks, spend, conversions
from warehouse.pinterest_spend
union all
select
    'reddit' as platform, account_id, account_name, campaign_id, campaign_name, spent_on, currency,
    impressions, clicks, spend, conversions
from warehouse.reddit_spend
union all
select
    'snapchat' as platform, account_id, account_name, campaign_id, campaign_name, spent_on, currency,
    impressions, clicks, spend, conversions
from warehouse.snapchat_spend
union all
select
    'tiktok' as platform, account_id, account_name, campaign_id, campaign_name, spent_on, currency,
    impressions, clicks, spend, conversions
from warehouse.tiktok_spend
union all
select
    'twitter' as platform, account_id, account_name, campaign_id, campaign_name, spent_on, currency,
    impressions, clicks, spend, conversions
from warehouse.twitter_spend
