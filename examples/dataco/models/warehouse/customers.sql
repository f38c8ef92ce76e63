/* larder
description: Customers, their addresses put right.
grain: [customer_id]
columns:
  customer_id:
    required: true
  street:
    description: Street and number; empty where the export had the city here
  city:
    required: true
  state:
    description: Two letters; PR for Puerto Rico
    required: true
  zip:
    description: Five digits
    required: true
  country:
    description: US or PR
    required: true
    accepted: [US, PR]
  segment:
    description: Who buys
    required: true
  address_was_shifted:
    description: Whether the export had the city in the street's place, and so on
    required: true
checks:
  - row_count > 0
  - pattern(zip, '^[0-9]{5}$')
  - pattern(state, '^[A-Z]{2}$')
  - puerto_rico_is_one: rows (country = 'PR') = (state = 'PR')
  - puerto_rican_zips_begin_with_zeros: rows state <> 'PR' or zip like '00%'
*/
with shifted as (
    select
        *,
        zip is null and state ~ '^[0-9]{5}$' as address_was_shifted
    from lake.dataco_customers
)

select
    customer_id,
    first_name,
    last_name,
    case when address_was_shifted then null else larder.squeeze(street) end as street,
    case when address_was_shifted then street else city end as city,
    case when address_was_shifted then city else state end as state,
    case when address_was_shifted then state else lpad(split_part(zip, '.', 1), 5, '0') end as zip,
    case country when 'EE. UU.' then 'US' when 'Puerto Rico' then 'PR' end as country,
    segment,
    address_was_shifted
from shifted
