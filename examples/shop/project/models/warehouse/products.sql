/* larder
description: One row per product, at today's prices.
owner: merchandising
grain: [product_id]
columns:
  product_id:
    description: The article number
    required: true
  name:
    description: What it says on the shelf
  category:
    description: The shelf
  vendor_id:
    description: Who supplies it
    required: true
  vendor_name:
    description: The vendor's name
  price_gbp:
    description: Price at home, before tax
    type: decimal(18,2)
    currency: GBP
  cost_gbp:
    description: What the vendor charges
    type: decimal(18,2)
    currency: GBP
  tax_percent:
    description: Rate of tax
    unit: percent
checks:
  - sold_above_cost:
      rows: price_gbp >= cost_gbp
      severity: warn
*/
select
    product_id,
    name,
    category,
    vendor_id,
    vendor_name,
    price_gbp,
    cost_gbp,
    tax_percent
from lake.shop_products
