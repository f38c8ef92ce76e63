/* larder
description: One row per line of a purchase order that was received.
owner: operations
grain: [purchase_order, line_no]
columns:
  purchase_order:
    description: Our order to the vendor
    required: true
  line_no:
    description: The line's number
    required: true
  vendor_id:
    description: Who was to deliver
  vendor_name:
    description: The vendor's name
    required: true
  product_id:
    description: What was ordered
  received_on:
    description: The day it came
  on_time:
    description: It came on the day that was agreed, or before
  ordered_units:
    description: What we wanted
    unit: piece
  received_units:
    description: What came
    unit: piece
  accepted_units:
    description: What came and was fit to sell
    unit: piece
  rejected_units:
    description: What was sent back
    unit: piece
  reject_reason:
    description: Why
  accepted_value:
    description: What we owe the vendor for it
    type: decimal(18,2)
    currency: GBP
checks:
  - rejected_of_received:
      rows: rejected_units between 0 and received_units
  - rejected_for_a_reason:
      rows: rejected_units = 0 or reject_reason is not null
*/
select
    r.purchase_order,
    r.line_no,
    r.vendor_id,
    p.vendor_name,
    r.product_id,
    r.received_on,
    r.received_on <= r.expected_on as on_time,
    r.ordered_units,
    r.received_units,
    r.received_units - r.rejected_units as accepted_units,
    r.rejected_units,
    r.reject_reason,
    cast((r.received_units - r.rejected_units) * r.unit_cost as decimal(18,2)) as accepted_value
from lake.vendors_receipts as r
left join warehouse.products as p on r.product_id = p.product_id and r.vendor_id = p.vendor_id
