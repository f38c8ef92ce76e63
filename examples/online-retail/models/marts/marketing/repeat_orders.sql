/* larder
description: Orders of known customers by month, first orders apart from repeat orders.
grain: [month]
columns:
  month:
    description: First day of the month the orders were placed in
    required: true
  orders:
    description: Orders of known customers
    unit: order
    required: true
  first_orders:
    description: Orders that were their customer's first
    unit: order
    required: true
  repeat_orders:
    description: Orders of a customer who had ordered before
    unit: order
    required: true
  customers:
    description: Different customers who ordered
    unit: customer
    required: true
  first_order_sales:
    description: Net sales of the first orders, before later cancellations
    type: decimal(18,3)
    currency: GBP
    required: true
  repeat_order_sales:
    description: Net sales of the repeat orders, before later cancellations
    type: decimal(18,3)
    currency: GBP
    required: true
  days_since_previous:
    description: Days between a repeat order and the order before it, summed; divide by repeat_orders for the mean
    unit: day
    required: true
checks:
  - first_and_repeat_are_all:
      rows: orders = first_orders + repeat_orders
  - one_first_order_each:
      that: sum(first_orders)
      equals:
        from: warehouse.customers
        that: count(*)
        where: orders > 0
        within: 0
  - sales_tie_to_invoices:
      that: sum(first_order_sales + repeat_order_sales) by month
      equals:
        from: warehouse.invoices
        that: sum(net_sales)
        by: cast(date_trunc('month', invoice_on) as date)
        where: kind = 'order' and customer_id is not null
        within: 0
*/
with ordered as (
    select
        customer_id,
        invoice_on,
        net_sales,
        row_number() over (partition by customer_id order by invoice_at, invoice_no) as order_no,
        lag(invoice_on) over (partition by customer_id order by invoice_at, invoice_no) as previous_on
    from warehouse.invoices
    where kind = 'order' and customer_id is not null
)

select
    cast(date_trunc('month', invoice_on) as date) as month,
    count(*) as orders,
    count(case when order_no = 1 then 1 end) as first_orders,
    count(case when order_no > 1 then 1 end) as repeat_orders,
    count(distinct customer_id) as customers,
    cast(sum(case when order_no = 1 then net_sales else 0 end) as decimal(18,3)) as first_order_sales,
    cast(sum(case when order_no > 1 then net_sales else 0 end) as decimal(18,3)) as repeat_order_sales,
    cast(sum(case when order_no > 1 then invoice_on - previous_on else 0 end) as bigint) as days_since_previous
from ordered
group by cast(date_trunc('month', invoice_on) as date)
