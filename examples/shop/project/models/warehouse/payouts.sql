/* larder
description: One row per payout that arrived on the bank account.
owner: finance
grain: [payout_id]
columns:
  payout_id:
    description: The provider's number
    required: true
  currency:
    description: Of the account it arrived on
  paid_on:
    description: A Monday, for the week before
  amount:
    description: What arrived
    type: decimal(18,2)
    currency: currency
    required: true
*/
select
    payout_id,
    currency,
    paid_on,
    amount
from lake.payments_payouts
