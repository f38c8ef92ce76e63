/* larder
description: How many orders were shipped in time, by the month they were placed, the way of shipping and the region.
grain: [month, mode, region]
columns:
  month:
    description: First day of the month the orders were placed in
    required: true
  mode:
    required: true
  region:
    required: true
  orders:
    description: All orders
    unit: order
    required: true
  canceled:
    description: Of them, orders that were canceled or suspected of fraud
    unit: order
    required: true
  early:
    description: Shipped before the promised day
    unit: order
    required: true
  on_time:
    description: Shipped on the promised day
    unit: order
    required: true
  late:
    description: Shipped after the promised day
    unit: order
    required: true
  days_late:
    description: Days after the promised day, of the late orders together
    unit: day
    required: true
  late_share:
    description: Late orders, of those not canceled; empty when all were
    type: decimal(9,4)
    unit: order/order
checks:
  - row_count > 0
  - range(late_share, 0, 1)
  - all_orders_are_something: rows orders = canceled + early + on_time + late
  - every_order_counted:
      that: sum(orders) by month
      equals:
        from: lake.dataco_orders
        that: count(*)
        by: larder.month_start(cast(ordered_at as date))
  - late_as_the_system_says:
      that: sum(late) by mode
      where: late > 0
      equals:
        from: lake.dataco_shipping
        that: count(*)
        where: delivery_status = 'Late delivery'
        by: mode
  - every_mode_can_be_in_time:
      that: sum(early + on_time) by mode
      warn: "<= 0"
      description: First Class is promised in one day and has always taken two
*/
select
    larder.month_start(ordered_on) as month,
    mode,
    region,
    count(*) as orders,
    count(*) filter (where delivery = 'canceled') as canceled,
    count(*) filter (where delivery = 'early') as early,
    count(*) filter (where delivery = 'on time') as on_time,
    count(*) filter (where delivery = 'late') as late,
    cast(coalesce(sum(case when delivery = 'late' then days_to_ship - promised_days end), 0) as bigint) as days_late,
    cast(larder.divide(
        count(*) filter (where delivery = 'late'), count(*) filter (where delivery <> 'canceled'), 4
    ) as decimal(9,4)) as late_share
from warehouse.orders
group by larder.month_start(ordered_on), mode, region
