/* larder
description: Membership fees by the day they were charged.
grain: [charged_on, plan, currency]
columns:
  charged_on:
    description: The day of the charge
  plan:
    description: monthly or annual
  currency:
    description: What members paid in
  joined:
    description: First fees
    unit: fee
  renewed:
    description: Renewals
    unit: fee
  amount:
    description: Fees
    type: decimal(18,2)
    currency: currency
  amount_gbp:
    description: Fees in pounds, at the rate of the day
    type: decimal(18,2)
    currency: GBP
checks:
  - fees_tie_to_lake:
      that: sum(amount) by charged_on, currency
      equals:
        from: lake.shop_membership_fees
        that: sum(amount)
*/
select
    charged_on,
    plan,
    currency,
    count(case when kind = 'joined' then 1 end) as joined,
    count(case when kind = 'renewed' then 1 end) as renewed,
    cast(sum(amount) as decimal(18,2)) as amount,
    cast(sum(amount_gbp) as decimal(18,2)) as amount_gbp
from warehouse.membership_fees
group by charged_on, plan, currency
