/* larder
description: Articles with their category and what they cost.
grain: [product_id]
columns:
  product_id:
    required: true
  name:
    description: The article's name without blanks around it; the export cut it after 45 characters
    required: true
  category:
    description: The category's name; two categories are called Electronics
    required: true
  price:
    description: What a piece costs
    type: decimal(18,2)
    currency: USD
    required: true
checks:
  - row_count > 0
  - range(price, 0.01, )
  - every_article_once:
      that: count(*) by category_id
      equals:
        from: lake.dataco_products
        that: count(*)
*/
select
    p.product_id,
    larder.squeeze(p.name) as name,
    p.category_id,
    larder.squeeze(c.name) as category,
    cast(p.price as decimal(18,2)) as price
from lake.dataco_products as p
left join lake.dataco_categories as c on p.category_id = c.category_id
