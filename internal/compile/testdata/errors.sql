-- unknown table
select order_id
from shop.order
-- unknown table, right name in another schema
select order_id from lake.orders
-- table without its schema
select order_id from orders
-- unknown table far from any
select x from shop.zebra_crossings
-- unknown column
select order_id,
       nett
from shop.orders
-- unknown column of a table
select o.nett from shop.orders o
-- unknown column far from any
select whatever from shop.prices
-- unknown column in where
select order_id from shop.orders where nett > 1
-- unknown column in a subquery
select (select max(prize) from shop.prices) as p from shop.orders
-- unknown column in using
select o.order_id from shop.orders o join shop.lines l using (oder_id)
-- unknown column in exclude
select * exclude (nett) from shop.orders
-- unknown struct field
select address.town from shop.orders
-- unknown alias of a table
select x.order_id from shop.orders o
-- ambiguous column
select order_id, line_no from shop.lines l join shop.returns r using (order_id)
-- unknown function
select uper(status) as s from shop.orders
-- wrong types for an operator
select status + 1 as x from shop.orders
-- wrong types for a function
select sum(status) as x from shop.orders
-- incomparable types
select order_id from shop.orders where status > ordered_on
-- not in group by
select status, net from shop.orders group by status
-- aggregate in where
select status from shop.orders where sum(net) > 1
-- nested aggregates
select sum(max(net)) as x from shop.orders
-- union of different widths
select order_id, net from shop.orders union all select order_id from shop.returns
-- syntax
select order_id fro shop.orders
-- syntax at the end
select order_id from
-- open text
select 'abc from shop.orders
-- closing parenthesis
select 1 as x) from (select 2 as y
-- non-ASCII text before the place
select 'Käse — crème' as céréale, nett from shop.orders
-- two statements
select 1 as x; select 2 as y
-- not a select
create table x as select 1
-- insert
insert into shop.orders select * from shop.orders
-- insert behind with
with a as (select 1) insert into shop.orders select * from a
-- describe
describe shop.orders
-- empty
-- only a comment
/* nothing here */
-- dynamic pivot
pivot shop.lines on sku using sum(quantity)
-- dynamic pivot in a subquery
select * from (pivot shop.lines on sku using sum(quantity))
-- reading a file
select * from 'data/orders.parquet'
-- reading a CSV file
select * from read_csv('orders.csv')
-- reading text
select content from read_text('/etc/passwd')
-- the catalog
select table_name from duckdb_tables()
-- the information schema
select table_name from information_schema.tables
-- another database
select * from warehouse.shop.orders
-- the shadow itself
select * from memory.shop.orders
-- now
select order_id, now() as seen from shop.orders
-- current_date without parentheses
select order_id
from shop.orders
where ordered_on = current_date
-- current_timestamp
select current_timestamp as seen
-- today, random, uuid at once
select today() as a, random() as b,
       uuid() as c, gen_random_uuid() as d
-- age of one argument
select age(ordered_at) as old from shop.orders
-- age of two is fine, its column is not
select age(ordered_at, shippped_on::timestamptz) as old from shop.orders
-- settings
select getvariable('x') as a, current_setting('threads') as b, getenv('HOME') as c
-- nextval
select nextval('s') as n
-- now inside a series
select * from generate_series(date '2024-01-01', current_date, interval 1 day) t(day)
-- sample
select order_id from shop.orders using sample 10
-- tablesample
select order_id from shop.orders tablesample 10%
-- rowid
select rowid, order_id from shop.orders
-- rowid in a condition
select order_id from shop.orders where rowid < 5
-- parameter without a name
select order_id from shop.orders where store_id = ? and net > $1
-- unknown parameter
select order_id from shop.orders where net > $big_ordr
-- unknown parameters and another mistake
select nett from shop.orders where status = $foo and currency = $hom
-- duplicate columns
select order_id, net as order_id from shop.orders
-- duplicate columns by star
select o.*, l.* from shop.orders o join shop.lines l using (order_id)
-- duplicates that differ by case
select net as total, tax as Total from shop.orders
-- a type no dataset has
select order_id, '10:00:00+01'::timetz as t from shop.orders
-- row without names
select row(1, 2) as r
-- ordinality
select x, i from unnest([1, 2]) with ordinality u(x, i)
-- query by text
select * from query('select * from shop.orders')
-- time travel
select * from shop.orders at (version => 1)
-- open parenthesis
select sum(net * (1 + tax) as x from shop.orders
