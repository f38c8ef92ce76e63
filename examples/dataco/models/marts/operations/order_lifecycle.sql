/* larder
description: Which order statuses meet which deliveries, and where that cannot be right.
grain: [status, delivery]
columns:
  status:
    required: true
  delivery:
    required: true
  orders:
    description: Orders with this status and this delivery
    unit: order
    required: true
  contradiction:
    description: Why both cannot be right; empty when they can
checks:
  - row_count > 0
  - every_order_counted:
      that: sum(orders) by status
      equals:
        from: lake.dataco_orders
        that: count(*)
        by: status
*/
select
    status,
    delivery,
    contradiction,
    count(*) as orders
from warehouse.orders
group by status, delivery, contradiction
