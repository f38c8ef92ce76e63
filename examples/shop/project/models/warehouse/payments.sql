/* larder
description: One row per transaction of the payment provider.
owner: finance
grain: [transaction_id]
columns:
  transaction_id:
    description: The provider's number
    required: true
  order_id:
    description: The order it is for
    required: true
  kind:
    description: authorisation (moves no money), capture, refund or chargeback
  happened_on:
    description: The business day it happened
  payout_id:
    description: The payout it is part of
  currency:
    description: What it is counted in
  amount:
    description: Always positive; kind says which way it goes
    type: decimal(18,2)
    currency: currency
    required: true
  fee:
    description: What the provider keeps
    type: decimal(18,2)
    currency: currency
    required: true
checks:
  - rows amount > 0 and fee >= 0
  - references(order_id, warehouse.orders.order_id)
  - cards_authorised_for_the_order:
      that: sum(amount) by currency
      where: kind = 'authorisation'
      equals:
        from: warehouse.orders
        that: sum(total)
*/

-- Times 0.01 stays decimal; divided by 100 it would become a float.
select
    transaction_id,
    order_id,
    kind,
    cast(created_at at time zone 'Europe/London' as date) as happened_on,
    payout_id,
    currency,
    cast(amount_minor * 0.01 as decimal(18,2)) as amount,
    cast(fee_minor * 0.01 as decimal(18,2)) as fee
from lake.payments_transactions
