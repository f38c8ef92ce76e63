/* larder
description: One row per invoice.
grain: [invoice_no]
columns:
  invoice_no:
    description: The invoice's number
    required: true
  kind:
    description: >-
      order (something was sold at a price); cancellation (a C invoice); stock (only free
      or written-off pieces); bookkeeping (nothing but fees, bad debt, adjustments, tests)
    required: true
    accepted: [order, cancellation, stock, bookkeeping]
  invoice_at:
    description: When its first line was written
    required: true
  invoice_on:
    description: The day it was written
    required: true
  customer_id:
    description: The customer's number; nothing when the customer was not known
    personal: customer number
    mask: hash
  country:
    description: Where the customer lives
    required: true
  lines:
    description: Lines on the invoice
    unit: line
    required: true
  units:
    description: Pieces sold less pieces returned
    unit: piece
    required: true
  net_sales:
    description: Amount of its sale and cancellation lines
    type: decimal(18,3)
    currency: GBP
    required: true
checks:
  - one_day_each:
      # An invoice is written within one day, for one customer in one country;
      # the columns above would otherwise pick one of several.
      query: >-
        select invoice_no from warehouse.order_lines group by invoice_no
        having count(distinct invoice_on) > 1 or count(distinct country) > 1
        or min(coalesce(customer_id, 0)) <> max(coalesce(customer_id, 0))
  - net_sales_ties_to_lines:
      that: sum(net_sales) by invoice_on
      equals:
        from: warehouse.order_lines
        that: sum(amount)
        where: kind in ('sale', 'cancellation')
        within: 0
*/
select
    invoice_no,
    case
        when count(case when kind <> 'bookkeeping' then 1 end) = 0 then 'bookkeeping'
        when invoice_no like 'C%' then 'cancellation'
        when count(case when kind = 'sale' and amount > 0 then 1 end) > 0 then 'order'
        else 'stock'
    end as kind,
    min(invoice_at) as invoice_at,
    min(invoice_on) as invoice_on,
    max(customer_id) as customer_id,
    max(country) as country,
    count(*) as lines,
    cast(sum(case when kind in ('sale', 'cancellation') then quantity else 0 end) as bigint) as units,
    cast(sum(case when kind in ('sale', 'cancellation') then amount else 0 end) as decimal(18,3)) as net_sales
from warehouse.order_lines
group by invoice_no
