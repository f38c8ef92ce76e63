/* larder
description: Every line of both deliveries in one shape, the re-delivered days still twice.
build: view
columns:
  delivered_by:
    description: Which delivery the line came with
    required: true
    accepted: [archive, daily]
  invoice_no:
    description: The invoice's number
    required: true
  stock_code:
    description: What was sold, as it was typed
    required: true
  description:
    description: The article's name or a note, as it was typed; nothing when none was given
  quantity:
    description: Pieces
    unit: piece
    required: true
  invoice_at:
    description: When the line was written, on the shop's own clock
    required: true
  invoice_on:
    description: The day the line was written
    required: true
  unit_price:
    description: Price of one piece
    type: decimal(18,3)
    currency: GBP
    required: true
  customer_id:
    description: The customer's number, one type for both deliveries
    personal: customer number
    mask: hash
  country:
    description: Where the customer lives
    required: true
*/
select
    'archive' as delivered_by,
    invoice_no,
    stock_code,
    nullif(description, 'nan') as description,
    quantity,
    invoice_at,
    cast(invoice_at as date) as invoice_on,
    unit_price,
    cast(customer_id as integer) as customer_id,
    country
from lake.archive_lines
union all
select
    'daily' as delivered_by,
    invoice_no,
    stock_code,
    description,
    quantity,
    invoice_at,
    cast(invoice_at as date) as invoice_on,
    unit_price,
    -- 17850.0: through an exact decimal, so that a fraction could not be
    -- rounded away unseen (the lake's pattern check refuses one).
    cast(cast(customer_id as decimal(18,1)) as integer) as customer_id,
    country
from lake.shop_lines
