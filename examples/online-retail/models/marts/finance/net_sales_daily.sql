/* larder
description: Net sales by the day the invoice was written and the customer's country.
grain: [invoice_on, country]
columns:
  invoice_on:
    description: The day the invoice was written (not shipped, not paid)
    required: true
  country:
    description: Where the customer lives
    required: true
  orders:
    description: Invoices on which something was sold
    unit: order
    required: true
  cancellations:
    description: Cancellation invoices
    required: true
  units:
    description: Pieces sold less pieces cancelled
    unit: piece
    required: true
  gross_sales:
    description: Amount of the sale lines, carriage and discounts included
    type: decimal(18,3)
    currency: GBP
    required: true
  cancelled_sales:
    description: Amount of the cancellation lines, negative, on the day they were cancelled
    type: decimal(18,3)
    currency: GBP
    required: true
  net_sales:
    description: Gross sales and cancelled sales together
    type: decimal(18,3)
    currency: GBP
    required: true
  carriage:
    description: The part of net sales that is postage and carriage
    type: decimal(18,3)
    currency: GBP
    required: true
  bookkeeping:
    description: Fees, bad debt, adjustments and test articles; written as invoices but not sales
    type: decimal(18,3)
    currency: GBP
    required: true
  repeated_lines:
    description: Lines of the day that are identical to another line of the same invoice; they are counted
    unit: line
    required: true
  repeated_sales:
    description: What such lines add to net sales
    type: decimal(18,3)
    currency: GBP
    required: true
checks:
  - row_count > 0
  - references(invoice_on, warehouse.calendar.day)
  - net_is_gross_less_cancelled:
      rows: net_sales = gross_sales + cancelled_sales
  - ties_to_order_lines:
      that: sum(net_sales + bookkeeping) by invoice_on, country
      equals:
        from: warehouse.order_lines
        that: sum(amount)
        within: 0
  - net_sales_usual: sum(net_sales) over invoice_on within 2.5 stddev of last 28 days
  - net_sales_usual_by_country:
      that: sum(net_sales) by country
      deviates:
        more_than: 2.5
        of_last: 28 days
        over: invoice_on
*/
select
    invoice_on,
    country,
    count(distinct case when kind = 'sale' and amount > 0 then invoice_no end) as orders,
    count(distinct case when kind = 'cancellation' then invoice_no end) as cancellations,
    cast(sum(case when kind in ('sale', 'cancellation') then quantity else 0 end) as bigint) as units,
    cast(sum(case when kind = 'sale' then amount else 0 end) as decimal(18,3)) as gross_sales,
    cast(sum(case when kind = 'cancellation' then amount else 0 end) as decimal(18,3)) as cancelled_sales,
    cast(sum(case when kind in ('sale', 'cancellation') then amount else 0 end) as decimal(18,3)) as net_sales,
    cast(sum(case when kind in ('sale', 'cancellation') and item_kind = 'carriage' then amount else 0 end)
        as decimal(18,3)) as carriage,
    cast(sum(case when kind = 'bookkeeping' then amount else 0 end) as decimal(18,3)) as bookkeeping,
    count(case when occurrence > 1 then 1 end) as repeated_lines,
    cast(sum(case when occurrence > 1 and kind in ('sale', 'cancellation') then amount else 0 end)
        as decimal(18,3)) as repeated_sales
from warehouse.order_lines
group by invoice_on, country
