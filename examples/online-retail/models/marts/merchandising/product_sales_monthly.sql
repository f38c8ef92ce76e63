/* larder
description: What each article sold in each month.
grain: [month, stock_code]
columns:
  month:
    description: First day of the month the invoices were written in
    required: true
  stock_code:
    description: The article's code
    required: true
  units_sold:
    description: Pieces on sale lines
    unit: piece
    required: true
  units_cancelled:
    description: Pieces on cancellation lines, as a positive number
    unit: piece
    required: true
  units_written_off:
    description: Pieces taken from stock without a sale, as a positive number
    unit: piece
    required: true
  gross_sales:
    description: Amount of the sale lines
    type: decimal(18,3)
    currency: GBP
    required: true
  net_sales:
    description: Amount of the sale and cancellation lines
    type: decimal(18,3)
    currency: GBP
    required: true
  orders:
    description: Invoices that sold the article at a price
    unit: order
    required: true
  customers:
    description: Different known customers on those invoices
    unit: customer
    required: true
checks:
  - references(stock_code, warehouse.products.stock_code)
  - ties_to_order_lines:
      that: sum(net_sales) by month
      equals:
        from: warehouse.order_lines
        that: sum(amount)
        by: cast(date_trunc('month', invoice_on) as date)
        where: item_kind = 'article' and kind <> 'bookkeeping'
        within: 0
*/
select
    cast(date_trunc('month', invoice_on) as date) as month,
    stock_code,
    cast(sum(case when kind = 'sale' then quantity else 0 end) as bigint) as units_sold,
    cast(sum(case when kind = 'cancellation' then -quantity else 0 end) as bigint) as units_cancelled,
    cast(sum(case when kind = 'stock' then -quantity else 0 end) as bigint) as units_written_off,
    cast(sum(case when kind = 'sale' then amount else 0 end) as decimal(18,3)) as gross_sales,
    cast(sum(amount) as decimal(18,3)) as net_sales,
    count(distinct case when kind = 'sale' and amount > 0 then invoice_no end) as orders,
    count(distinct case when kind = 'sale' and amount > 0 then customer_id end) as customers
from warehouse.order_lines
where item_kind = 'article' and kind <> 'bookkeeping'
group by cast(date_trunc('month', invoice_on) as date), stock_code
