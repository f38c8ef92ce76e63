/* larder
description: One row per customer who is known by number.
grain: [customer_id]
columns:
  customer_id:
    description: The customer's number
    required: true
    personal: customer number
    mask: hash
  country:
    description: Where the customer lived at the newest invoice
    required: true
  countries:
    description: Countries the customer was ever invoiced in
    required: true
  first_order_on:
    description: Day of the first order; nothing for a customer who only ever cancelled
  last_order_on:
    description: Day of the newest order
  orders:
    description: Orders placed
    unit: order
    required: true
  cancellations:
    description: Cancellation invoices
    required: true
  net_sales:
    description: Everything bought less everything cancelled
    type: decimal(18,3)
    currency: GBP
    required: true
checks:
  - first_before_last:
      rows: first_order_on <= last_order_on
  - orders_have_days:
      rows: (orders = 0) = (first_order_on is null)
  - net_sales_ties_to_invoices:
      that: sum(net_sales)
      equals:
        from: warehouse.invoices
        that: sum(net_sales)
        where: customer_id is not null
        within: 0
*/
with newest_first as (
    select
        customer_id,
        country,
        row_number() over (partition by customer_id order by invoice_at desc, invoice_no desc) as place
    from warehouse.invoices
    where customer_id is not null
)

select
    i.customer_id,
    max(n.country) as country,
    count(distinct i.country) as countries,
    min(case when i.kind = 'order' then i.invoice_on end) as first_order_on,
    max(case when i.kind = 'order' then i.invoice_on end) as last_order_on,
    count(case when i.kind = 'order' then 1 end) as orders,
    count(case when i.kind = 'cancellation' then 1 end) as cancellations,
    cast(sum(i.net_sales) as decimal(18,3)) as net_sales
from warehouse.invoices as i
inner join newest_first as n on i.customer_id = n.customer_id and n.place = 1
group by i.customer_id
