/* larder
description: Of the members who joined in a month, how many ordered in each month since.
grain: [joined_month, months_since]
columns:
  joined_month:
    description: First day of the month they joined
  months_since:
    description: 0 is the month they joined
    unit: month
  members:
    description: Members who joined that month
    unit: member
  ordering_members:
    description: Of them, those who ordered
    unit: member
  orders:
    description: Their orders
    unit: order
  repeat_orders:
    description: Of them, those that were not a member's first
    unit: order
  ordering_share:
    description: ordering_members of members
    type: decimal(7,4)
checks:
  - row_count > 0
  - no_more_than_joined:
      rows: ordering_members <= members and ordering_members <= orders
  - every_order_counts:
      that: sum(orders)
      equals:
        from: warehouse.orders
        that: count(*)
*/
with joined as (
    select
        member_id,
        cast(date_trunc('month', joined_on) as date) as joined_month
    from warehouse.members
),

sizes as (
    select joined_month, count(*) as members
    from joined
    group by joined_month
),

activity as (
    select
        j.joined_month,
        (extract(year from o.ordered_on) - extract(year from j.joined_month)) * 12
            + extract(month from o.ordered_on) - extract(month from j.joined_month) as months_since,
        count(distinct o.member_id) as ordering_members,
        count(*) as orders,
        count(case when o.member_order_no > 1 then 1 end) as repeat_orders
    from warehouse.orders as o
    join joined as j on o.member_id = j.member_id
    group by 1, 2
)

select
    a.joined_month,
    cast(a.months_since as integer) as months_since,
    s.members,
    a.ordering_members,
    a.orders,
    a.repeat_orders,
    cast(a.ordering_members * 1.0 / s.members as decimal(7,4)) as ordering_share
from activity as a
join sizes as s on a.joined_month = s.joined_month
