/* larder
description: Coupons that were handed in, with their campaign.
grain: [household_id, coupon_upc, campaign_id, redeemed_on]
columns:
  household_id:
    required: true
  campaign_id:
    required: true
  redeemed_on:
    description: The day the coupon was handed in
    required: true
checks:
  - row_count > 0
  - while_the_campaign_ran: rows redeemed_on between start_date and end_date
  - references(coupon_upc, campaign_id, warehouse.coupons)
*/
select
    r.household_id,
    r.coupon_upc,
    r.campaign_id,
    r.redemption_date as redeemed_on,
    c.campaign_type,
    c.start_date,
    c.end_date
from lake.journey_redemptions as r
left join lake.journey_campaigns as c on r.campaign_id = c.campaign_id
