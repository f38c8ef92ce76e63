/* larder
description: Customers by the month of their first order, and how many of them order in each month after.
grain: [cohort_month, months_since]
columns:
  cohort_month:
    description: First day of the month of the customers' first order
    required: true
  months_since:
    description: Whole months from the cohort's month to the month looked at; 0 is the cohort's own
    unit: month
    required: true
  cohort_size:
    description: Customers of the cohort
    unit: customer
    required: true
  customers:
    description: Customers of the cohort who ordered in the month; months without any are left out
    unit: customer
    required: true
  orders:
    description: Their orders in the month
    unit: order
    required: true
  net_sales:
    description: Net sales of those orders, before later cancellations
    type: decimal(18,3)
    currency: GBP
    required: true
  retained:
    description: Customers who ordered, of all customers of the cohort
    type: decimal(9,4)
    unit: customer/customer
    required: true
checks:
  - range(months_since, 0, )
  - range(retained, 0, 1)
  - all_of_a_cohort_order_in_its_month:
      rows: months_since > 0 or customers = cohort_size
  - every_customer_in_one_cohort:
      that: sum(cohort_size)
      where: months_since = 0
      equals:
        from: warehouse.customers
        that: count(*)
        where: orders > 0
        within: 0
  - orders_tie_to_invoices:
      that: sum(orders)
      equals:
        from: warehouse.invoices
        that: count(*)
        where: kind = 'order' and customer_id is not null
        within: 0
*/
with orders as (
    select
        i.customer_id,
        cast(date_trunc('month', c.first_order_on) as date) as cohort_month,
        cast(date_trunc('month', i.invoice_on) as date) as order_month,
        i.net_sales
    from warehouse.invoices as i
    inner join warehouse.customers as c on i.customer_id = c.customer_id
    where i.kind = 'order'
),

sizes as (
    select
        cohort_month,
        count(distinct customer_id) as cohort_size
    from orders
    group by cohort_month
),

active as (
    select
        cohort_month,
        order_month,
        count(distinct customer_id) as customers,
        count(*) as orders,
        cast(sum(net_sales) as decimal(18,3)) as net_sales
    from orders
    group by cohort_month, order_month
)

select
    a.cohort_month,
    cast(
        12 * (extract(year from a.order_month) - extract(year from a.cohort_month))
        + extract(month from a.order_month) - extract(month from a.cohort_month) as integer
    ) as months_since,
    s.cohort_size,
    a.customers,
    a.orders,
    a.net_sales,
    cast(cast(a.customers as double precision) / s.cohort_size as decimal(9,4)) as retained
from active as a
inner join sizes as s on a.cohort_month = s.cohort_month
