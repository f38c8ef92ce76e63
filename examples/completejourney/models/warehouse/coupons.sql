/* larder
description: Which articles a coupon of a campaign is good for, each once.
grain: [coupon_upc, product_id, campaign_id]
columns:
  coupon_upc:
    required: true
  product_id:
    description: The article's number, all digits
    required: true
  campaign_id:
    required: true
checks:
  - row_count > 0
  - pattern(product_id, '^[0-9]+$')
*/
select distinct
    coupon_upc,
    case
        when product_id like '%e+%' then cast(cast(cast(product_id as double precision) as bigint) as varchar)
        else product_id
    end as product_id,
    campaign_id
from lake.journey_coupons
