/* larder
description: Articles, their numbers written out.
grain: [product_id]
columns:
  product_id:
    description: The article's number, all digits
    required: true
  department:
    required: true
  is_fuel:
    description: Whether it is petrol, whose quantity is not pieces
    required: true
checks:
  - row_count > 0
  - pattern(product_id, '^[0-9]+$')
*/
select
    case
        when product_id like '%e+%' then cast(cast(cast(product_id as double precision) as bigint) as varchar)
        else product_id
    end as product_id,
    manufacturer_id,
    department,
    brand,
    product_category,
    product_type,
    package_size,
    coalesce(product_type = 'GASOLINE-REG UNLEADED', false) as is_fuel
from lake.journey_products
