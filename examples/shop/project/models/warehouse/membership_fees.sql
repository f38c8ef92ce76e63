/* larder
description: One row per membership fee charged.
owner: finance
grain: [fee_id]
columns:
  fee_id:
    description: The charge's number
    required: true
  member_id:
    description: Who paid
  kind:
    description: joined, or renewed
  plan:
    description: monthly or annual
  charged_on:
    description: The day it was charged
  paid_until:
    description: First day that is no longer paid for
  currency:
    description: What it was charged in
  amount:
    description: The fee
    type: decimal(18,2)
    currency: currency
  amount_gbp:
    description: The fee in pounds, at the rate of the day it was charged
    type: decimal(18,2)
    currency: GBP
    required: true
checks:
  - references(member_id, warehouse.members.member_id)
  - fees_tie_to_lake:
      that: sum(amount) by currency, plan
      equals:
        from: lake.shop_membership_fees
        that: sum(amount)
*/
select
    f.fee_id,
    f.member_id,
    f.kind,
    f.plan,
    f.charged_on,
    f.paid_until,
    f.currency,
    f.amount,
    cast(f.amount * r.gbp_per_unit as decimal(18,2)) as amount_gbp
from lake.shop_membership_fees as f
left join warehouse.fx_rates as r
    on f.currency = r.currency and f.charged_on >= r.valid_from and f.charged_on < r.valid_to
