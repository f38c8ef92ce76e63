/* larder
description: How well each vendor delivered, by month of receipt.
grain: [month, vendor_id]
columns:
  month:
    description: First day of the month
  vendor_id:
    description: The vendor
  vendor_name:
    description: Its name
  lines:
    description: Lines of purchase orders received
  ordered_units:
    description: What we wanted
    unit: piece
  accepted_units:
    description: What came and was fit to sell
    unit: piece
  rejected_units:
    description: What was sent back
    unit: piece
  accepted_value:
    description: What we owe for it
    type: decimal(18,2)
    currency: GBP
  on_time_share:
    description: Lines on time, of all
    type: decimal(7,4)
  fill_rate:
    description: accepted_units of ordered_units
    type: decimal(7,4)
  reject_rate:
    description: rejected_units of what came
    type: decimal(7,4)
checks:
  - range(fill_rate, 0, 1)
  - range(on_time_share, 0, 1)
*/
select
    cast(date_trunc('month', received_on) as date) as month,
    vendor_id,
    vendor_name,
    count(*) as lines,
    cast(sum(ordered_units) as bigint) as ordered_units,
    cast(sum(accepted_units) as bigint) as accepted_units,
    cast(sum(rejected_units) as bigint) as rejected_units,
    cast(sum(accepted_value) as decimal(18,2)) as accepted_value,
    cast(count(case when on_time then 1 end) * 1.0 / count(*) as decimal(7,4)) as on_time_share,
    cast(sum(accepted_units) * 1.0 / sum(ordered_units) as decimal(7,4)) as fill_rate,
    cast(sum(rejected_units) * 1.0 / nullif(sum(received_units), 0) as decimal(7,4)) as reject_rate
from warehouse.vendor_receipts
group by 1, vendor_id, vendor_name
