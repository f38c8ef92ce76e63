/* larder
description: Which product stood in for which, and how often.
grain: [ordered_product_id, picked_product_id]
columns:
  ordered_product_id:
    description: What members wanted
  ordered_name:
    description: Its name
  picked_product_id:
    description: What they got
  picked_name:
    description: Its name
  times:
    description: How often
  net_sales_gbp:
    description: Net sales, at the ordered product's price
    type: decimal(18,2)
    currency: GBP
checks:
  - rows ordered_product_id <> picked_product_id
  - every_substitution_counts:
      that: sum(times)
      equals:
        from: lake.fulfilment_picks
        that: count(*)
        where: outcome = 'substituted'
*/
select
    f.ordered_product_id,
    wanted.name as ordered_name,
    f.picked_product_id,
    got.name as picked_name,
    count(*) as times,
    cast(sum(f.net_gbp) as decimal(18,2)) as net_sales_gbp
from warehouse.fulfilled_lines as f
join warehouse.products as wanted on f.ordered_product_id = wanted.product_id
join warehouse.products as got on f.picked_product_id = got.product_id
where f.outcome = 'substituted'
group by f.ordered_product_id, wanted.name, f.picked_product_id, got.name
