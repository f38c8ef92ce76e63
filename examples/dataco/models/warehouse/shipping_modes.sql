/* larder
description: What is promised for each way of shipping. Not in the export; found from the delivery statuses.
grain: [mode]
columns:
  mode:
    description: What the customer chose
    required: true
  promised_days:
    description: Calendar days from the order to the shipment that are in time
    unit: day
    required: true
checks:
  - row_count > 0
*/
select
    mode,
    promised_days
from (
    values
    ('Same Day', 0),
    ('First Class', 1),
    ('Second Class', 2),
    ('Standard Class', 4)
) as m(mode, promised_days)
