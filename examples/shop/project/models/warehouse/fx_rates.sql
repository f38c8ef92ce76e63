/* larder
description: >-
  What one unit of a currency is worth in pounds, and on which days. Banks rest at
  weekends: a rate holds until the next one, so that every day has exactly one.
owner: finance
grain: [currency, valid_from]
columns:
  currency:
    description: ISO code
    required: true
  valid_from:
    description: First day of the rate
    required: true
  valid_to:
    description: First day that is no longer part of it
    required: true
  gbp_per_unit:
    description: Pounds for one unit
    type: decimal(12,6)
checks:
  - rows valid_from < valid_to
  - range(gbp_per_unit, 0.3, 3)
*/
select
    currency,
    rate_on as valid_from,
    lead(rate_on, 1, date '9999-12-31') over (partition by currency order by rate_on) as valid_to,
    gbp_per_unit
from lake.bank_fx_rates

union all

select
    'GBP' as currency,
    date '2000-01-01' as valid_from,
    date '9999-12-31' as valid_to,
    cast(1 as decimal(12,6)) as gbp_per_unit
