/* larder
description: Orders by whether the customer had ordered before, by month.
grain: [month]
columns:
  month:
    description: First day of the month the orders were placed in
    required: true
  orders:
    description: All orders
    unit: order
    required: true
  first_orders:
    description: Orders of customers who had never ordered before
    unit: order
    required: true
  never_again:
    description: Of them, orders of customers who had not come back when the data ends
    unit: order
    required: true
  first_share:
    description: First orders, of all
    type: decimal(9,4)
    unit: order/order
    required: true
checks:
  - row_count > 0
  - every_customer_is_new_once:
      that: sum(first_orders)
      equals:
        from: lake.dataco_orders
        that: count(distinct customer_id)
  - some_customers_come_back:
      rule: rows first_share < 0.9
      where: month >= '2015-02-01'
      severity: warn
      description: From October 2017 on nearly everybody is new
*/
with numbered as (
    select
        ordered_on,
        row_number() over (partition by customer_id order by ordered_at, order_id) as order_no,
        count(*) over (partition by customer_id) as orders
    from warehouse.orders
)

select
    larder.month_start(ordered_on) as month,
    count(*) as orders,
    count(*) filter (where order_no = 1) as first_orders,
    count(*) filter (where order_no = 1 and orders = 1) as never_again,
    cast(larder.divide(count(*) filter (where order_no = 1), count(*), 4) as decimal(9,4)) as first_share
from numbered
group by larder.month_start(ordered_on)
