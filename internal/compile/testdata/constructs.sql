-- plain columns and a constant
select order_id, net as amount, 1 as one from shop.orders
-- star
select * from shop.lines
-- star of one table, without a column
select l.* exclude (discount), o.status from shop.lines l join shop.orders o using (order_id)
-- star with replace
select * replace (unit_price * 2 as unit_price) from shop.lines
-- star with rename
select * rename (sku as article) from shop.prices
-- columns by pattern
select columns('.*_id') from shop.orders
-- columns with a function
select min(columns(* exclude (title, sku))) from shop.products
-- star over a derived table
select * from (select order_id, net + tax as gross from shop.orders) t
-- star over two derived tables
select a.*, b.* exclude (order_id) from (select order_id, net from shop.orders) a join (select order_id, sum(quantity) as pieces from shop.lines group by all) b using (order_id)
-- FROM first
from shop.orders select status, count(*) as orders group by status
-- FROM alone
from shop.prices
-- aliases used again
select net as a, a + tax as b, b * 2 as c from shop.orders
-- where decides nothing
select order_id from shop.orders where status = 'open' and net > 10
-- where with a lateral alias
select net + tax as gross from shop.orders where gross > 5
-- case
select case when status = 'open' then net when status = 'paid' then tax else 0 end as v from shop.orders
-- simple case
select case currency when 'GBP' then 'home' else 'abroad' end as market from shop.orders
-- coalesce, nullif, greatest
select coalesce(shipped_on, ordered_on) as d, nullif(status, '') as s, greatest(net, tax) as g from shop.orders
-- casts
select order_id::varchar as a, cast(net as decimal(9,1)) as b, try_cast(status as integer) as c from shop.orders
-- operators
select net between 1 and 2 as a, status in ('x', 'y') as b, status like 'a%' as c, note is null as d, not (net > 1) as e from shop.orders
-- arithmetic types
select net / 2 as a, net // 2 as b, net % 2 as c, net * tax as d, quantity * unit_price as e from shop.orders join shop.lines using (order_id)
-- aggregates
select status, count(*) as n, count(distinct customer_id) as customers, sum(net) as net, avg(tax) as tax, min(ordered_on) as first, max(ordered_on) as last from shop.orders group by status
-- aggregate without rows to group
select sum(net) as net, count(*) as n from shop.orders
-- aggregate with filter
select sum(net) filter (where status = 'paid') as paid, count(*) filter (where currency = 'GBP') as gbp from shop.orders
-- ordered aggregate
select customer_id, string_agg(status, ',' order by ordered_at) as path, list(order_id order by ordered_at desc) as orders from shop.orders group by customer_id
-- arg_max and first
select customer_id, arg_max(status, ordered_at) as last_status, first(currency order by ordered_at) as first_currency, any_value(store_id) as store from shop.orders group by customer_id
-- quantiles
select median(net) as m, quantile_cont(net, 0.9) as q, mode(status) as s, approx_count_distinct(customer_id) as c from shop.orders
-- having
select customer_id from shop.orders group by customer_id having sum(net) > 100
-- group by expression
select date_trunc('month', ordered_on) as month, sum(net) as net from shop.orders group by date_trunc('month', ordered_on)
-- group by position
select status, currency, sum(net) as net from shop.orders group by 1, 2
-- group by all
select status, currency, sum(net) as net from shop.orders group by all
-- rollup with GROUPING
select status, currency, grouping(status, currency) as level, sum(net) as net from shop.orders group by rollup (status, currency)
-- cube
select status, currency, grouping(status) as s, grouping_id(status, currency) as g, count(*) as n from shop.orders group by cube (status, currency)
-- grouping sets
select status, store_id, sum(net) as net from shop.orders group by grouping sets ((status), (store_id), ())
-- window aggregate
select order_id, sum(net) over (partition by customer_id order by ordered_at) as running from shop.orders
-- window frame
select order_id, avg(net) over (order by ordered_on range between interval 6 days preceding and current row) as week from shop.orders
-- ranking
select order_id, row_number() over (partition by customer_id order by ordered_at) as n, rank() over (order by net desc) as r, dense_rank() over (order by net) as dr, ntile(4) over (order by tax) as q, percent_rank() over (order by net) as p, cume_dist() over (order by net) as cd from shop.orders
-- lag and lead
select order_id, lag(net) over w as previous, lead(net, 2, 0) over w as next, first_value(status) over w as f, last_value(status ignore nulls) over w as l, nth_value(net, 3) over w as t from shop.orders window w as (partition by customer_id order by ordered_at)
-- window over aggregate
select status, sum(net) as net, sum(sum(net)) over () as total, sum(net) / sum(sum(net)) over () as share from shop.orders group by status
-- window without order
select order_id, count(*) over (partition by status) as n, sum(net) filter (where status = 'x') over () as x from shop.orders
-- qualify
select * from shop.prices qualify row_number() over (partition by sku order by valid_from desc) = 1
-- distinct
select distinct status, currency from shop.orders
-- distinct on
select distinct on (customer_id) customer_id, order_id, net from shop.orders order by customer_id, ordered_at desc
-- order and limit
select order_id, net from shop.orders order by net desc, order_id limit 10 offset 5
-- limit by subquery
select order_id from shop.orders order by order_id limit (select max(quantity) from shop.lines)
-- limit in percent
select order_id from shop.orders order by order_id limit 10%
-- inner join
select o.order_id, l.sku from shop.orders o join shop.lines l on l.order_id = o.order_id
-- left join
select p.sku, l.quantity from shop.products p left join shop.lines l on l.sku = p.sku
-- right join
select p.title, l.quantity from shop.lines l right join shop.products p on l.sku = p.sku
-- full join using
select sku, p.title, l.quantity from shop.products p full join shop.lines l using (sku)
-- natural join
select * from (select sku, title from shop.products) natural join (select sku, price from shop.prices)
-- cross join
select s.city, c.name from shop.stores s cross join shop.categories c
-- comma join
select o.order_id, s.city from shop.orders o, shop.stores s where o.store_id = s.store_id
-- join on inequality
select l.sku, p.price from shop.lines l join shop.prices p on l.unit_price < p.price
-- join on an expression
select o.order_id, c.email from shop.orders o join shop.customers c on abs(o.customer_id - c.customer_id) < 1 or o.status = c.country
-- asof join
select l.order_id, p.price from (select o.order_id, o.ordered_on, l.sku from shop.orders o join shop.lines l using (order_id)) l asof join shop.prices p on l.sku = p.sku and l.ordered_on >= p.valid_from
-- asof left join using
select x.sku, x.valid_from, p.price from (select sku, listed_on as valid_from from shop.products) x asof left join shop.prices p using (sku, valid_from)
-- positional join
select a.sku, b.name from shop.products a positional join shop.categories b
-- semi join
select o.order_id from shop.orders o semi join shop.returns r using (order_id)
-- anti join
select o.order_id, o.net from shop.orders o anti join shop.returns r using (order_id)
-- self join
select a.customer_id, b.email as referrer from shop.customers a join shop.customers b on a.referred_by = b.customer_id
-- three tables
select c.country, p.title, sum(l.quantity) as pieces from shop.orders o join shop.lines l using (order_id) join shop.products p using (sku) join shop.customers c using (customer_id) group by all
-- in subquery
select order_id from shop.orders where customer_id in (select customer_id from shop.customers where country = 'GB')
-- in subquery as a value
select order_id, customer_id in (select customer_id from shop.customers) as known from shop.orders
-- not in
select order_id from shop.orders where order_id not in (select order_id from shop.returns)
-- exists
select o.order_id from shop.orders o where exists (select 1 from shop.returns r where r.order_id = o.order_id)
-- exists as a value
select o.order_id, exists (select 1 from shop.returns r where r.order_id = o.order_id) as returned from shop.orders o
-- not exists with two conditions
select c.customer_id from shop.customers c where not exists (select * from shop.orders o where o.customer_id = c.customer_id and o.ordered_on > c.joined_on)
-- scalar subquery
select order_id, (select max(price) from shop.prices) as top from shop.orders
-- correlated scalar subquery
select o.order_id, (select sum(l.quantity * l.unit_price) from shop.lines l where l.order_id = o.order_id) as gross from shop.orders o
-- correlated subquery in a correlated subquery
select c.customer_id, (select sum(o.net) from shop.orders o where o.customer_id = c.customer_id and exists (select 1 from shop.returns r where r.order_id = o.order_id and r.currency = c.country)) as v from shop.customers c
-- correlated subquery returning an outer column
select o.order_id, (select o.net + max(l.unit_price) from shop.lines l where l.order_id = o.order_id) as v from shop.orders o
-- any and all
select order_id, net > any (select price from shop.prices) as a, net >= all (select price from shop.prices) as b from shop.orders
-- array subquery
select c.customer_id, array(select o.net from shop.orders o where o.customer_id = c.customer_id order by o.ordered_at) as spent from shop.customers c
-- correlated in with an outer filter
select o.order_id, o.store_id in (select s.store_id from shop.stores s where s.opened_on < o.ordered_on) as open from shop.orders o
-- lateral
select o.order_id, x.pieces from shop.orders o, lateral (select sum(l.quantity) as pieces from shop.lines l where l.order_id = o.order_id) x
-- lateral with limit
select c.customer_id, t.order_id, t.net from shop.customers c left join lateral (select o.order_id, o.net from shop.orders o where o.customer_id = c.customer_id order by o.net desc limit 3) t on true
-- lateral chain
select a.order_id, b.d, c.e from shop.orders a, lateral (select a.net * 2 as d) b, lateral (select b.d + a.tax as e) c
-- common table expression
with paid as (select order_id, net from shop.orders where status = 'paid') select order_id, net from paid
-- common table expressions in a chain
with a as (select order_id, net from shop.orders), b as (select order_id, net * 2 as twice from a), c as (select sum(twice) as total from b) select total from c
-- common table expression used twice
with a as (select customer_id, sum(net) as net from shop.orders group by all) select x.customer_id, x.net, y.net as other from a x join a y on x.customer_id = y.customer_id + 1
-- materialized and not
with a as materialized (select sku, cost from shop.products), b as not materialized (select sku, price from shop.prices) select a.sku, price - cost as margin from a join b using (sku)
-- common table expression with column names
with a(k, v) as (select sku, cost from shop.products) select k, v from a
-- common table expression shadows another
with a as (select sku from shop.products), b as (with a as (select name from shop.categories) select name from a) select a.sku, b.name from a, b
-- common table expression called like a dataset's table
with orders as (select order_id, net as n from shop.orders) select n from orders
-- unused common table expression
with unused as (select email from shop.customers) select sku from shop.products
-- common table expression in a subquery
select order_id, (with x as (select max(price) as p from shop.prices) select p from x) as top from shop.orders
-- common table expression from outside in a correlated subquery
with p as (select sku, price from shop.prices) select l.order_id, (select max(p.price) from p where p.sku = l.sku) as price from shop.lines l
-- recursive
with recursive tree as (select category_id, name, 0 as depth from shop.categories where parent_id is null union all select c.category_id, t.name || '/' || c.name, t.depth + 1 from shop.categories c join tree t on c.parent_id = t.category_id) select * from tree
-- recursive, columns change places
with recursive r(a, b, n) as (select sku, title, 1 from shop.products union all select b, a, n + 1 from r where n < 3) select a, b from r
-- recursive union distinct
with recursive r as (select customer_id, referred_by from shop.customers union select r.customer_id, c.referred_by from r join shop.customers c on c.customer_id = r.referred_by) select * from r
-- union all
select sku, price from shop.prices union all select sku, cost from shop.products
-- union distinct of other names
select order_id as id, 'order' as kind from shop.orders union select customer_id, 'customer' from shop.customers
-- union by name
select sku, title from shop.products union all by name select price, sku from shop.prices
-- union by name of different columns
select order_id, net from shop.orders union by name select order_id, refund from shop.returns
-- three-way union with types that widen
select store_id as id from shop.stores union all select order_id from shop.orders union all select 1.5
-- except
select sku from shop.products except select sku from shop.lines
-- except all
select sku, cost from shop.products except all select sku, price from shop.prices
-- intersect
select sku from shop.products intersect select sku from shop.lines
-- nested set operations
(select sku from shop.products union select sku from shop.prices) intersect (select sku from shop.lines except select sku from shop.lines where quantity < 0)
-- union in a derived table, then grouped
select kind, sum(v) as v from (select 'order' as kind, net as v from shop.orders union all select 'return', refund from shop.returns) group by kind
-- same column on both sides of a union
select sku from shop.products where cost > 1 union all select sku from shop.products where cost < 0
-- values
select * from (values (1, 'a'), (2, 'b')) t(n, letter)
-- values joined
select o.order_id, v.label from shop.orders o join (values ('open', 'Open'), ('paid', 'Paid')) v(status, label) using (status)
-- values with a column of outside
select o.order_id, v.x from shop.orders o, lateral (values (o.net), (o.tax)) v(x)
-- generate_series
select g as day, o.order_id from generate_series(date '2024-01-01', date '2024-12-31', interval 1 day) t(g) left join shop.orders o on o.ordered_on = g::date
-- range
select r.i from range(10) r(i)
-- series from a column
select l.order_id, n from shop.lines l, generate_series(1, l.quantity) t(n)
-- unnest in the list of columns
select order_id, unnest(tags) as tag from shop.orders
-- unnest in FROM
select o.order_id, t.tag from shop.orders o, unnest(o.tags) t(tag)
-- unnest of a constant
select unnest([1, 2, 3]) as n
-- unnest of structs
select unnest(address) from shop.orders
-- unnest recursively
select order_id, unnest([{'a': net, 'b': tax}], recursive := true) from shop.orders
-- unnest of an aggregated list
select customer_id, unnest(orders) as order_id from (select customer_id, list(order_id) as orders from shop.orders group by all)
-- struct field
select address.city, address['street'] as street, address."post code" as code from shop.orders
-- struct made and read
select s.a, s.b from (select struct_pack(a := net, b := status) as s from shop.orders)
-- row as a struct
select o from (select order_id, net from shop.orders) o
-- list access and slices
select tags[1] as first, tags[2:3] as rest, len(tags) as n from shop.orders
-- list functions
select list_sort(tags) as s, list_contains(tags, 'x') as c, list_aggregate(tags, 'max') as m, [net, tax] as l from shop.orders
-- lambdas
select list_transform(tags, lambda t: t || status) as t, list_filter(tags, lambda t: len(t) > 1) as f, list_reduce([net, tax], lambda a, b: a + b) as r from shop.orders
-- list comprehension
select [upper(t) for t in tags if t <> status] as u from shop.orders
-- map
select map {'net': net, 'tax': tax} as m, map {'a': status}['a'] as v from shop.orders
-- json
select note->>'$.a' as a, note->'b' as b, json_extract_string(note, '$.c') as c from shop.orders
-- json_each
select o.order_id, j.key, j.value from shop.orders o, json_each(o.note) j
-- array type
select array_value(net, tax) as pair, array_distance([1.0, 2.0]::float[2], [3.0, 4.0]::float[2]) as d from shop.orders
-- enum and union types
select status::enum('open', 'paid') as e, union_value(num := net) as u from shop.orders
-- pivot in
select * from (select order_id, sku, quantity from shop.lines) pivot (sum(quantity) for sku in ('a', 'b') group by order_id)
-- pivot with two aggregates
pivot shop.orders on status in ('open', 'paid') using sum(net) as net, count(*) as n group by store_id
-- pivot over many values
pivot shop.lines on quantity in (1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24) using sum(unit_price) as p, max(discount) as d group by sku
-- unpivot
unpivot (select order_id, net, tax from shop.orders) on net, tax into name what value amount
-- unpivot, standard
select * from (select order_id, net, tax from shop.orders) unpivot (amount for what in (net, tax))
-- dates and times
select date_trunc('month', ordered_at) as m, extract(year from ordered_on) as y, ordered_on + interval 1 day as d, strftime(ordered_at, '%Y') as s, ordered_at at time zone 'UTC' as u, date_diff('day', ordered_on, shipped_on) as days, age(shipped_on, ordered_on) as a from shop.orders
-- texts
select upper(email) as u, email || country as c, email[1:3] as s, regexp_extract(email, '@(.*)', 1) as host, format('{}-{}', country, customer_id) as f, concat_ws(',', email, country) as w from shop.customers
-- hashes
select md5(email) as m, hash(email, country) as h from shop.customers
-- parameters
select order_id, $now as seen, $big_order as big, net > $big_order as is_big from shop.orders where ordered_at >= $start and ordered_at < $end and currency <> $home
-- interval arithmetic with parameters
select order_id, $start - interval 1 day as before, date_trunc('day', $start) as day, date_diff('day', ordered_at, $end) as left from shop.orders
-- null
select null as nothing, null::date as day, order_id from shop.orders
-- all numeric types
select 1::tinyint as a, 2::smallint as b, 3 as c, 4::bigint as d, 5::hugeint as e, 6::utinyint as f, 7::ubigint as g, 1.5 as h, 1e3 as i, 2::float as j, sum(quantity) as k from shop.lines
-- reserved words and spaces as names
select order_id as "select", net as "Net sales", tax as "a""b" from shop.orders
-- quoted datasets
select "order_id" from "shop"."orders"
-- upper case
SELECT ORDER_ID, NET FROM SHOP.ORDERS
-- whole row of a join
select a, b from (select sku, cost from shop.products) a join (select sku, price from shop.prices) b on a.sku = b.sku
-- group by with expressions inside
select upper(country) || '!' as c, count(*) * 2 as n from shop.customers group by upper(country)
-- distinct aggregate in a window of groups
select store_id, count(distinct customer_id) as c, rank() over (order by count(distinct customer_id) desc) as r from shop.orders group by store_id
-- TPC-DS 1: customers who return more than the average of their store
with r as (select o.customer_id, o.store_id, sum(x.refund) as total from shop.returns x join shop.orders o using (order_id) group by all) select c.email from r r1 join shop.customers c using (customer_id) where r1.total > (select avg(total) * 1.2 from r r2 where r1.store_id = r2.store_id) order by 1 limit 100
-- TPC-DS 2: weeks against the year before
with d as (select date_trunc('week', ordered_on) as week, sum(case when dayofweek(ordered_on) = 0 then net end) as sun, sum(case when dayofweek(ordered_on) = 1 then net end) as mon from shop.orders group by all) select a.week, a.sun / b.sun as sun, round(a.mon / b.mon, 2) as mon from d a join d b on a.week = b.week + interval 364 days
-- TPC-DS 36: rank within a rollup
select sum(net) / sum(tax) as margin, status, currency, grouping(status) + grouping(currency) as level, rank() over (partition by grouping(status) + grouping(currency), case when grouping(currency) = 0 then status end order by sum(net) / sum(tax)) as r from shop.orders group by rollup (status, currency)
-- TPC-DS 51: running totals meet in a full join
with a as (select sku, valid_from, sum(sum(price)) over (partition by sku order by valid_from) as p from shop.prices group by sku, valid_from), b as (select sku, listed_on, sum(sum(cost)) over (partition by sku order by listed_on) as c from shop.products group by sku, listed_on) select coalesce(a.sku, b.sku) as sku, coalesce(a.valid_from, b.listed_on) as d, max(p) over (partition by coalesce(a.sku, b.sku) order by coalesce(a.valid_from, b.listed_on)) as p, c from a full join b on a.sku = b.sku and a.valid_from = b.listed_on
-- TPC-DS 28: many derived tables side by side
select * from (select avg(net) as a1, count(net) as n1, count(distinct net) as d1 from shop.orders where tax between 0 and 5) b1, (select avg(net) as a2, count(net) as n2, count(distinct net) as d2 from shop.orders where tax between 6 and 10) b2
-- TPC-DS 14: intersect inside common table expressions
with both_sold as (select sku from shop.lines intersect select sku from shop.prices), average as (select avg(quantity * unit_price) as v from shop.lines) select sku, sum(quantity * unit_price) as sales, count(*) as n from shop.lines where sku in (select sku from both_sold) group by sku having sum(quantity * unit_price) > (select v from average)
-- TPC-DS 44: best and worst side by side
select best.rk, i1.title as best, i2.title as worst from (select sku, rank() over (order by avg(unit_price)) as rk from shop.lines group by sku) best join (select sku, rank() over (order by avg(unit_price) desc) as rk from shop.lines group by sku) worst using (rk) join shop.products i1 on i1.sku = best.sku join shop.products i2 on i2.sku = worst.sku
-- TPC-DS 10: exists or exists
select c.country, count(*) as n from shop.customers c where exists (select * from shop.orders o where o.customer_id = c.customer_id) and (exists (select * from shop.sessions s where s.customer_id = c.customer_id) or exists (select * from shop.customers r where r.referred_by = c.customer_id)) group by c.country
