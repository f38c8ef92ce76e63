/* larder
description: One row per invoice line, each counted once; cancellations are negative lines.
grain: [invoice_no, line_no]
columns:
  invoice_no:
    description: The invoice's number; a leading C marks a cancellation
    required: true
  line_no:
    description: Number of the line within its invoice, by stock code and then by everything else
    required: true
  kind:
    description: >-
      sale; cancellation (on a C invoice); stock (pieces written off without a price);
      bookkeeping (fees, bad debt, adjustments and test articles, which are not sales)
    required: true
    accepted: [sale, cancellation, stock, bookkeeping]
  invoice_at:
    description: When the line was written, on the shop's own clock
    required: true
  invoice_on:
    description: The day the line was written
    required: true
  stock_code:
    description: What was sold, in capitals and without blanks around it
    required: true
  item_kind:
    description: article, or what a special code stands for
    required: true
    accepted: [article, carriage, discount, manual, sample, voucher, bookkeeping, test]
  description:
    description: The article's name or a note, as it was typed
  quantity:
    description: Pieces; negative when they came back
    unit: piece
    required: true
  unit_price:
    description: Price of one piece
    type: decimal(18,3)
    currency: GBP
    required: true
  amount:
    description: Quantity times unit price, exact to a tenth of a penny
    type: decimal(18,3)
    currency: GBP
    required: true
  customer_id:
    description: The customer's number; nothing when the customer was not known
    personal: customer number
    mask: hash
  country:
    description: Where the customer lives
    required: true
  occurrence:
    description: 1 for a line, 2 and up for further identical lines of the same invoice, which are kept
    required: true
  delivered_by:
    description: Which delivery the line was taken from
    required: true
    accepted: [archive, daily]
checks:
  - row_count > 0
  - whole_lines:
      rows: quantity <> 0
  - only_bookkeeping_is_negative_priced:
      rows: unit_price >= 0 or kind = 'bookkeeping'
  - cancellations_bring_back:
      # One line in the archive is a cancellation of a cancellation.
      rows: kind <> 'cancellation' or quantity < 0
      block: "> 1"
  - repeated_lines:
      # A shop that types a line twice is usual, at about one in a hundred. More
      # of it looks like a delivery that was loaded twice.
      rows: occurrence = 1
      warn: "> 2 %"
      block: "> 10 %"
  - daily_lines_tie_to_lake:
      that: sum(amount) by invoice_on
      where: delivered_by = 'daily'
      equals:
        from: lake.shop_lines
        that: sum(quantity * unit_price)
        by: cast(invoice_at as date)
        within: 0
*/

-- Days in both deliveries are taken from the daily file: it is the feed that
-- goes on, and the one a correction would arrive in. Taking a day from one
-- delivery as a whole, instead of merging line by line, keeps the lines a day
-- really holds twice and never mixes a correction with what it corrects.
-- overlap_days proves that the choice changes nothing in what is there.
with kept as (
    select
        l.delivered_by,
        l.invoice_no,
        upper(trim(l.stock_code)) as stock_code,
        l.stock_code as typed_code,
        l.description,
        l.quantity,
        l.invoice_at,
        l.invoice_on,
        l.unit_price,
        l.customer_id,
        l.country
    from warehouse.lines_delivered as l
    left join warehouse.overlap_days as o on l.invoice_on = o.invoice_on
    where l.delivered_by = 'daily' or o.invoice_on is null
),

-- No line has a number of its own. Ordering an invoice by every column gives
-- one that does not depend on how the files were read; identical lines share
-- a rank, so the distance from it counts them.
numbered as (
    select
        delivered_by,
        invoice_no,
        stock_code,
        description,
        quantity,
        invoice_at,
        invoice_on,
        unit_price,
        customer_id,
        country,
        row_number() over (
            partition by invoice_no
            order by stock_code, typed_code, invoice_at, quantity, unit_price, description, customer_id, country
        ) as line_no,
        rank() over (
            partition by invoice_no
            order by stock_code, typed_code, invoice_at, quantity, unit_price, description, customer_id, country
        ) as first_alike
    from kept
)

select
    n.invoice_no,
    cast(n.line_no as integer) as line_no,
    case
        when n.invoice_no like 'A%' or s.item_kind in ('bookkeeping', 'test') then 'bookkeeping'
        when n.invoice_no like 'C%' then 'cancellation'
        when n.quantity < 0 then 'stock'
        else 'sale'
    end as kind,
    n.invoice_at,
    n.invoice_on,
    n.stock_code,
    coalesce(s.item_kind, 'article') as item_kind,
    n.description,
    n.quantity,
    n.unit_price,
    cast(n.quantity * n.unit_price as decimal(18,3)) as amount,
    n.customer_id,
    n.country,
    cast(n.line_no - n.first_alike + 1 as integer) as occurrence,
    n.delivered_by
from numbered as n
left join warehouse.special_codes as s on n.stock_code = s.stock_code
