/* larder
description: What each payout should come to, and what arrived on the account.
grain: [payout_id]
columns:
  payout_id:
    description: The provider's number
  currency:
    description: What it is paid in
  paid_on:
    description: The Monday it arrived; nothing for the week that is running
  captured:
    description: Taken from cards
    type: decimal(18,2)
    currency: currency
  refunded:
    description: Given back to cards
    type: decimal(18,2)
    currency: currency
  charged_back:
    description: Taken back by card holders' banks
    type: decimal(18,2)
    currency: currency
  fees:
    description: Kept by the provider
    type: decimal(18,2)
    currency: currency
  expected:
    description: captured - refunded - charged_back - fees
    type: decimal(18,2)
    currency: currency
  paid:
    description: What arrived
    type: decimal(18,2)
    currency: currency
  difference:
    description: paid - expected
    type: decimal(18,2)
    currency: currency
checks:
  - paid_as_expected:
      rows: difference = 0
  - every_payout_is_known:
      query: >-
        select p.payout_id, p.amount
        from warehouse.payouts as p
        left join finance.payouts as e on p.payout_id = e.payout_id
        where e.payout_id is null
*/
with expected as (
    select
        payout_id,
        currency,
        sum(case when kind = 'capture' then amount else 0 end) as captured,
        sum(case when kind = 'refund' then amount else 0 end) as refunded,
        sum(case when kind = 'chargeback' then amount else 0 end) as charged_back,
        sum(fee) as fees
    from warehouse.payments
    where kind <> 'authorisation'
    group by payout_id, currency
)

select
    e.payout_id,
    e.currency,
    p.paid_on,
    cast(e.captured as decimal(18,2)) as captured,
    cast(e.refunded as decimal(18,2)) as refunded,
    cast(e.charged_back as decimal(18,2)) as charged_back,
    cast(e.fees as decimal(18,2)) as fees,
    cast(e.captured - e.refunded - e.charged_back - e.fees as decimal(18,2)) as expected,
    p.amount as paid,
    cast(p.amount - (e.captured - e.refunded - e.charged_back - e.fees) as decimal(18,2)) as difference
from expected as e
left join warehouse.payouts as p on e.payout_id = p.payout_id
