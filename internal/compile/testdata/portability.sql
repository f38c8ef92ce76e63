-- same: columns
select id, a, x, s from shop.t
-- same: arithmetic of whole numbers
select id, a + 1 as p, a - 2 as q, a * 3 as r, b % 7 as m from shop.t
-- same: arithmetic of decimals
select id, x + y as p, x * y as q, x - 1 as r from shop.t
-- same: division of floats, guarded
select id, f / nullif(a, 0) as q from shop.t
-- same: division by a constant float
select id, x::double precision / 4 as q from shop.t
-- same: case
select id, case when a > 2 then 'many' when a is null then 'none' else 'few' end as k from shop.t
-- same: coalesce and nullif
select id, coalesce(x, 0) as c, nullif(a, 3) as n from shop.t
-- same: greatest and least of numbers
select id, greatest(a, 2) as g, least(a, b) as l from shop.t
-- same: concat skips NULLs
select id, concat(s, '-', u) as c, concat_ws('/', s, u) as w from shop.t
-- same: joining texts
select id, s || '-' || u as c from shop.t
-- same: joining a number
select id, s || id as c from shop.t
-- same: like
select id, s like 'a%' as l, s not like '%e' as n, s like '_b%' as o from shop.t
-- same: in and between of numbers
select id from shop.t where a in (1, 2, 3) or a between 5 and 9
-- same: text functions
select id, length(s) as l, replace(s, 'a', 'b') as r, left(s, 2) as f, right(s, 2) as g, strpos(s, 'b') as p, lpad(s, 8, '*') as q from shop.t
-- same: substr from a constant
select id, substr(s, 2, 3) as a, substring(s from 2 for 2) as b from shop.t
-- same: split_part
select id, split_part(s, 'b', 1) as a, split_part(s, 'b', 2) as b from shop.t
-- same: anchored pattern
select id, s ~ '^[a-z]+$' as m from shop.t
-- same: regexp_replace
select id, regexp_replace(s, '[aeiou]+', '-', 'g') as r from shop.t
-- same: md5
select id, md5(s) as h from shop.t
-- same: translate and chr
select id, translate(s, 'abc', 'xyz') as t, chr(65) as c, repeat('ab', 2) as r from shop.t
-- same: trim with a set
select id, trim(s, ' ') as t, ltrim(s, 'a') as l from shop.t
-- same: starts_with
select id, starts_with(s, 'a') as p from shop.t
-- same: parts of a day
select id, extract(year from d) as y, extract(month from d) as m, extract(isodow from d) as w, extract(dow from d) as o, extract(week from d) as k, extract(quarter from d) as q, extract(doy from d) as n from shop.t
-- same: truncating a timestamp
select id, date_trunc('month', ts) as m, date_trunc('week', ts) as w, date_trunc('day', tz) as h from shop.t
-- same: a timestamp's day in a zone
select id, (tz at time zone 'Europe/London')::date as d from shop.t
-- same: day plus number
select id, d + 7 as p, d - 1 as q, d - e as n from shop.t
-- same: interval in quotes
select id, d + interval '1 month' as p, ts - interval '2 hours' as q, a * interval '1 day' as r from shop.t
-- same: interval of a quoted number
select id, ts + interval '3' day as p from shop.t
-- same: date literal
select id from shop.t where d >= date '2024-02-29' and ts < timestamp '2024-06-01 00:00:00'
-- same: casts
select id, x::integer as i, a::varchar as v, d::timestamp as t, ts::date as e, cast(x as decimal(10,1)) as m from shop.t
-- same: cast of a float to a whole number
select id, f::bigint as i from shop.t
-- same: make_date
select id, make_date(2024, a, 1) as m from shop.t where a between 1 and 12
-- same: aggregates
select a, count(*) as n, count(x) as c, sum(x) as s, min(d) as f, max(x) as g from shop.t group by a
-- same: filter
select a, count(*) filter (where x > 5) as n, sum(b) filter (where ok) as s from shop.t group by a
-- same: average of floats
select ok, avg(f) as m from shop.t group by ok
-- same: count distinct
select count(distinct s) as n from shop.t
-- same: string_agg in order
select ok, string_agg(s, ',' order by id) as l from shop.t group by ok
-- same: bool_or
select a, bool_or(ok) as o, bool_and(ok) as k from shop.t group by a
-- same: having
select a, sum(x) as s from shop.t group by a having sum(x) > 5
-- same: group by alias
select d + 1 as next_day, count(*) as n from shop.t group by next_day
-- same: group by number
select a, sum(x) as s from shop.t group by 1
-- same: grouping sets
select a, ok, sum(x) as s, grouping(a) as g from shop.t group by rollup (a, ok)
-- same: window numbers
select id, row_number() over (partition by ok order by id) as n, rank() over (order by a, id) as r from shop.t
-- same: running sum
select id, sum(x) over (partition by ok order by id rows unbounded preceding) as s from shop.t
-- same: lag and lead
select id, lag(x) over (order by id) as p, lead(x, 1) over (order by id) as n from shop.t
-- same: first_value
select id, first_value(x) over (partition by ok order by d, id) as f from shop.t
-- same: descending with NULLs last
select id, row_number() over (order by a desc nulls last, id) as n from shop.t
-- same: window by a collated text
select id, row_number() over (order by s collate "C", id) as n from shop.t
-- same: joins
select t.id, o.amount from shop.t join shop.o on o.t_id = t.id
-- same: left join using
select id, amount from shop.t left join (select t_id as id, amount from shop.o) as p using (id)
-- same: full join
select t.id, o.id as o_id from shop.t full join shop.o on o.t_id = t.id
-- same: exists
select id from shop.t where exists (select 1 from shop.o where o.t_id = t.id)
-- same: not exists
select id from shop.t where not exists (select 1 from shop.o where o.t_id = t.id)
-- same: in a subquery
select id from shop.t where id in (select t_id from shop.o)
-- same: scalar subquery
select id, (select sum(amount) from shop.o where o.t_id = t.id) as s from shop.t
-- same: common table expressions
with big as (select id, x from shop.t where x > 5), small as (select id, x from shop.t where x <= 5) select id, x, 'b' as k from big union all select id, x, 's' from small
-- same: except and intersect
select a from shop.t except select id from shop.o
-- same: union
select a from shop.t union select id from shop.o
-- same: distinct
select distinct a, ok from shop.t
-- same: distinct on in order
select distinct on (a) a, id from shop.t order by a, id
-- same: values
select v.k, v.w from (values (1, 'one'), (2, 'two')) as v(k, w)
-- same: recursive
with recursive n as (select 1 as i union all select i + 1 from n where i < 5) select i from n
-- same: generate_series in FROM
select i from generate_series(1, 5) as g(i)
-- same: limit in order
select id from shop.t order by id limit 3
-- same: is distinct from
select id, a is distinct from 2 as x2 from shop.t
-- same: round of decimals
select id, round(x, 1) as r, round(x) as s, ceil(x) as c, floor(x) as f, abs(x) as a from shop.t
-- same: money through the library
select id, larder.divide(x, 3, 2) as q, larder.week_start(d) as w, larder.lower_text(s) as l from shop.t
-- same: array from the library's holidays
select id, larder.add_business_days(d, 3, array[date '2024-12-25']) as d from shop.t
-- same: ordered array, its first
select ok, (array_agg(s order by id))[1] as f from shop.t group by ok
-- same: parameter
select id from shop.t where tz < $now or $now is null
-- same: order by a text at the end
select id, s from shop.t order by s
-- same: lateral with the word
select t.id, l.top from shop.t, lateral (select max(amount) as top from shop.o where o.t_id = t.id) as l
-- same: star of a query
select * from (select id, a from shop.t) as q
-- same: sqrt of floats
select id, sqrt(abs(f)) as r from shop.t
-- same: boolean logic
select id, ok and a > 1 as p, not ok as q, ok is true as r from shop.t
-- same: union of widened numbers
select a as v from shop.t union all select x from shop.t
-- same: nested case and cast
select id, sum(case when ok then 1 else 0 end) as n from shop.t group by id
-- same: extract cast for make_date
select id, make_date(extract(year from d)::integer, 1, 1) as y from shop.t
-- same: comparison of texts for equality
select id from shop.t where s = u or s <> 'x'
-- exclude
select * exclude (a) from shop.t
-- replace
select * replace (a + 1 as a) from shop.o as o(id, a, amount)
-- rename
select * rename (a as b2) from (select id, a from shop.t) as q
-- columns
select columns('^i.*') from shop.t
-- columns in an aggregate
select min(columns(*)) from (select id, a from shop.t) as q
-- group by all
select a, sum(x) as s from shop.t group by all
-- order by all
select a from shop.t order by all
-- qualify
select id from shop.t qualify row_number() over (order by id) = 1
-- asof join
select t.id, o.id as o_id from shop.t asof join shop.o on t.id >= o.t_id
-- semi join
select t.id from shop.t semi join shop.o on o.t_id = t.id
-- anti join
select t.id from shop.t anti join shop.o on o.t_id = t.id
-- positional join
select t.id, o.id as o_id from shop.t positional join shop.o
-- pivot
select * from (pivot (select ok, a, x from shop.t) on a in (1, 2) using sum(x)) as p
-- unpivot
select * from (unpivot (select id, x, y from shop.t) on x, y into name k value v) as p
-- lateral alias
select a + 1 as p, p * 2 as q from shop.t
-- alias in where
select a + 1 as p from shop.t where p > 2
-- alias in having
select a, sum(x) as total from shop.t group by a having total > 5
-- alias inside order by
select id, a + 1 as p from shop.t order by p + 1 limit 3
-- from first
from shop.t select id
-- from alone
from shop.o
-- whole division
select id, a // 2 as h from shop.t
-- power sign
select id, a ** 2 as h from shop.t
-- list
select [1, 2, 3] as l
-- list of columns
select id, [a, id] as l from shop.t
-- struct
select id, {'a': a, 'b': x} as r from shop.t
-- map
select map {'a': 1} as m
-- lambda
select list_transform(array[1, 2, 3], lambda v: v + 1) as l
-- list function
select len(array[1, 2]) as n
-- union by name
select id, a from shop.t union by name select id, amount from shop.o
-- try_cast
select id, try_cast(s as integer) as i from shop.t
-- arg_max
select arg_max(s, x) as v from shop.t
-- any_value
select a, any_value(s) as v from shop.t group by a
-- median
select median(x) as m from shop.t
-- mode
select mode(a) as m from shop.t
-- first
select first(a) as m from shop.t
-- list aggregate
select list(a) as m from shop.t
-- count_if
select count_if(ok) as m from shop.t
-- strftime
select id, strftime(d, '%Y-%m') as m from shop.t
-- strptime
select strptime('2024-01-01', '%Y-%m-%d') as m
-- date_diff
select id, date_diff('day', d, e) as n from shop.t
-- datediff of months
select id, datediff('month', d, e) as n from shop.t
-- date_add
select id, date_add(d, interval '1 day') as n from shop.t
-- epoch
select id, epoch(ts) as n from shop.t
-- year()
select id, year(d) as n, month(d) as m from shop.t
-- dayname
select id, dayname(d) as n from shop.t
-- last_day
select id, last_day(d) as n from shop.t
-- time_bucket
select id, time_bucket(interval '1 day', ts) as n from shop.t
-- regexp_extract
select id, regexp_extract(s, '[a-z]+') as n from shop.t
-- regexp_matches
select id, regexp_matches(s, 'a') as n from shop.t
-- contains
select id, contains(s, 'a') as n from shop.t
-- ifnull
select id, ifnull(a, 0) as n from shop.t
-- if
select id, if(ok, 1, 2) as n from shop.t
-- instr
select id, instr(s, 'a') as n from shop.t
-- string_split
select id, string_split(s, 'a') as n from shop.t
-- hash
select id, hash(s) as n from shop.t
-- range
select i from range(3) as g(i)
-- generate_series as a value
select generate_series(1, 3) as l
-- interval without quotes
select id, d + interval 1 month as n from shop.t
-- interval of a column
select id, d + interval (a) day as n from shop.t
-- to_days
select id, d + to_days(a) as n from shop.t
-- ignore nulls
select id, last_value(x ignore nulls) over (order by id) as n from shop.t
-- distinct in a window
select id, count(distinct a) over (partition by ok) as n from shop.t
-- window of a DuckDB aggregate
select id, median(f) over (partition by ok) as n from shop.t
-- limit percent
select id from shop.t order by id limit 50 %
-- a query without a name
select q.a from (select a from shop.t) q, (select 1 as one)
-- a query without a name, alone
select a from (select a from shop.t)
-- double
select id, a::double as f from shop.t
-- tinyint
select id, a::tinyint as f from shop.t
-- hugeint
select id, cast(a as hugeint) as f from shop.t
-- string type
select id, a::string as f from shop.t
-- trailing comma
select id, a, from shop.t
-- prefix alias
select p: a + 1 from shop.t
-- double equals
select id from shop.t where a == 2
-- underscores in numbers
select 1_000 as n
-- function behind a dot
select id, s.lower() as l from shop.t
-- character of a text
select id, s[1] as c from shop.t
-- slice of a text
select id, s[1:2] as c from shop.t
-- negative index
select id, (array[a, id])[-1] as c from shop.t
-- index of a call
select array_agg(s order by id)[1] as f from shop.t
-- glob
select id from shop.t where s glob 'a*'
-- similar to
select id from shop.t where s similar to 'a.*'
-- text as a number
select id from shop.t where u::varchar || '' = 5::varchar and s || '1' > 'a'
-- sum of booleans
select sum(ok) as n from shop.t
-- whole number as a condition
select id from shop.t where a
-- boolean cast to bigint
select id, ok::bigint as n from shop.t
-- union of different types
select a as v from shop.t union all select s from shop.t
-- extract for make_date
select id, make_date(extract(year from d), 1, 1) as y from shop.t
-- round of a float to digits
select id, round(f, 2) as n from shop.t
-- rest of floats
select id, f % 2 as n from shop.t
-- string_agg of numbers
select string_agg(a, ',' order by id) as n from shop.t
-- string_agg without a separator
select string_agg(s order by id) as n from shop.t
-- joining two numbers
select id, id || a as n from shop.t
-- position of a column
select #1 from shop.t
-- user
select id as user from (select id from shop.t) as q
-- sample
select a from shop.t using sample 3
-- min of booleans
select min(ok) as n from shop.t
-- distinct on in another order
select distinct on (a) a, id from shop.t order by id
-- capital letters
select id as OrderId from shop.t
-- lower of a number
select id, x / 2 as n, length(x::varchar) as m from shop.t
-- whole numbers divided
select id, a / 2 as n from shop.t
-- division by zero
select id, f / a as n from shop.t where a is not null
-- decimals divided
select id, x / nullif(y, 0) as n from shop.t
-- rest by zero
select id, id % a as n from shop.t
-- round of a half
select id, round(f) as n from shop.t
-- descending NULLs in a window
select id, row_number() over (order by a desc, id) as n from shop.t
-- descending NULLs with a limit
select id from shop.t order by a desc, id limit 3
-- texts ordered in a window
select id, row_number() over (order by s, id) as n from shop.t
-- texts ordered with a limit
select id from shop.t order by s, id limit 4
-- texts compared
select id from shop.t where s < 'b'
-- texts between
select id from shop.t where s between 'a' and 'b'
-- smallest text
select min(s) as n from shop.t
-- greatest of texts
select id, greatest(s, u) as n from shop.t
-- upper
select id, upper(s) as n from shop.t
-- lower
select id, lower(u) as n from shop.t
-- ilike
select id from shop.t where u ilike '%ß%' or u ilike 'i%'
-- match of a part
select id, s ~ 'b' as n from shop.t
-- word boundary
select id, regexp_replace(s, '\bb', 'x', 'g') as n from shop.t
-- substr from the end
select id, substr(s, -2) as n from shop.t
-- substr from a column
select id, substr(s, a - 3, 3) as n from shop.t
-- trim
select id, trim(u) as n from shop.t
-- reverse
select id, reverse(u) as n from shop.t
-- a float as a text
select id, f::varchar as n from shop.t
-- a float joined
select id, s || f as n from shop.t
-- boolean concatenated
select id, concat(ok, s) as n from shop.t
-- exponent
select 1e3 as n, 1e3 / 7 as m from shop.t
-- decimal alone
select id, (y * 1.11111)::decimal as n from shop.t
-- length of a varchar
select id, s::varchar(2) as n from shop.t
-- float has four bytes
select id, x::float as n from shop.t
-- seconds of a timestamp
select id, extract(second from ts) as n from shop.t
-- date_trunc of a day
select id, date_trunc('month', d) as n from shop.t
-- string_agg without an order
select string_agg(s, ',') as n from (select s from shop.t order by id desc) as q
-- text cast to a number
select (v || '.5')::integer as n from (values ('1')) as q(v)
-- average of decimals
select avg(x) as n from shop.t
-- percentile of decimals
select percentile_cont(0.25) within group (order by x) as n from shop.t
-- power of decimals
select id, power(x, 0.5) as n from shop.t where x > 0
-- generate_series of days
select g.d from generate_series(date '2024-01-01', date '2024-01-03', interval '1 day') as g(d)
-- week of a year
select id, extract(yearweek from d) as n from shop.t
-- array slice
select (array[1, 2, 3])[1:2] as n
-- json
select ('{"a": 1}'::json ->> '$.a') as n
-- implicit lateral
select t.id, l.top from shop.t, (select max(amount) as top from shop.o where o.t_id = t.id) as l
-- list comprehension
select [v + 1 for v in array[1, 2]] as l
-- typeof
select typeof(id) as n from shop.t
-- format
select format('{}', id) as n from shop.t
-- unnest of a struct list
select unnest([{'a': 1}], recursive := true)
-- natural full join on inequality
select t.id, o.id as o_id from shop.t full join shop.o on o.t_id > t.id
-- quantile
select quantile_cont(f, 0.5) as n from shop.t
-- approximate
select approx_count_distinct(a) as n from shop.t
-- bar
select id, bar(a, 0, 10) as n from shop.t
-- date minus timestamp
select id, ts - d as n from shop.t
-- age
select id, age(ts, d::timestamp) as n from shop.t
-- truncating an hour with a zone
select id, date_trunc('hour', tz) as h from shop.t
-- same: cross join and count
select count(*) as n from shop.t, shop.o
-- same: a name that is a column too
select id, x as y from shop.t where y > 1
-- same: named window
select id, sum(x) over w as s from shop.t window w as (order by id)
-- same: grouping sets written out
select a, ok, count(*) as n from shop.t group by grouping sets ((a), (ok), ())
-- same: offset
select id from shop.t order by id limit 2 offset 1
-- same: values as texts
select id, d::varchar as d, x::varchar as x, ok::varchar as o, ts::varchar as t from shop.t
-- same: moments cast
select id, tz::date as a, tz::timestamp as b, ts::timestamptz as c, d::timestamptz as e from shop.t where id <> 3
-- same: epoch and hour
select id, extract(epoch from ts) as a, extract(hour from tz) as b, extract(minute from ts) as c from shop.t
-- average of whole numbers
select avg(a) * 3 as n from shop.t
-- same: deviation of floats
select stddev_samp(f / 1000) > 0 as n, sum(f) as s from shop.t
-- same: ranks
select id, ntile(3) over (order by id) as n, percent_rank() over (order by id) as p, dense_rank() over (order by a, id) as d, count(*) over () as c from shop.t
-- same: lead with a default
select id, lead(x, 1, 0.00) over (order by id) as n, lead(d, 1, date '9999-12-31') over (order by id) as e from shop.t
-- same: numbers and booleans
select id, ok::integer as n, a::boolean as b, -a as m, a % 2 = 0 as even from shop.t
-- same: null tests
select id, a is null as p, a is not null as q, s is distinct from u as r, ok is not true as t from shop.t
-- same: simple case of a text
select id, case s when 'apple' then 1 when 'banana' then 2 end as n from shop.t
-- same: rounding a product of decimals
select id, round(x * 1.175, 2) as n, x * 0.2 as m, 100 * x as k, a * 1.5 as j from shop.t
-- same: powers of floats and whole numbers
select id, power(f / 100, 2) as p, a ^ 2 as q from shop.t
-- same: floor, ceil, trunc, sign
select id, floor(f) as a, ceil(f) as b, trunc(x) as c, sign(x) as d, trunc(f) as e, round(a) as g, mod(a, 3) as h from shop.t
-- bits
select id, a & 1 as p, a | 4 as q, a << 1 as r from shop.t
-- same: concat of days and numbers
select id, concat(d, ' ', s, ' ', x) as c from shop.t
-- same: left and right of all but some
select id, left(s, -1) as l, right(s, -1) as r from shop.t
-- split_part at nothing
select id, split_part(s, '', 1) as p from shop.t
-- same: position
select id, position('an' in s) as p from shop.t
-- backslash in like
select v like 'a\%' as p, v like 'a\\%' as q from (values ('a\b'), ('a%'), ('a\')) as t(v)
-- same: like with an escape
select id, s like 'b!%' escape '!' as p from shop.t
-- same: to_timestamp
select to_timestamp(1704067200) as t
-- same: several months
select id, ts + interval '1 year 2 months' as a, ts + interval '90 minutes' as b, d + interval '1 month' * 2 as c from shop.t
-- same: unnest in FROM
select u.v from unnest(array[1, 2, 3]) as u(v)
-- unnest in SELECT
select unnest(array[1, 2, 3]) as v
-- same: ascending with a limit
select id from shop.t order by a, id limit 3
-- same: nulls first
select id from shop.t order by a desc nulls first, id limit 3
-- same: union with null
select null as v union all select a from shop.t
-- same: bare texts
select 'x' as v, 1 as one union all select s, id from shop.t
-- same: exists as a value
select exists (select 1 from shop.o) as e
-- same: any of an array
select id from shop.t where a = any (array[1, 2])
-- same: all of a query
select id from shop.t where id > all (select id from shop.o)
-- same: constant casts
select '12'::integer as a, '1.50'::decimal(10,2) as b, '2024-02-29'::date as c, 'true'::boolean as d
-- same: natural join
select id, amount, s from shop.o natural join (select id, s from shop.t) as q
-- same: distinct sum
select sum(distinct a) as n from shop.t
-- distinct texts in order
select string_agg(distinct s, ',' order by s) as n from shop.t
-- floats ranked downwards
select id, rank() over (order by f desc) as n from shop.t
-- row_number of nothing
select row_number() over () as n, id from (select id from shop.t order by x) as q
-- same: range of time
select id, sum(x) over (order by ts range between interval '40 days' preceding and current row) as s from shop.t where ts is not null
-- same: frame of groups
select id, sum(x) over (order by d groups between 1 preceding and current row) as s from shop.t where d is not null
-- same: date_part
select id, date_part('year', d) as y from shop.t
-- decade
select id, date_trunc('decade', ts) as y from shop.t
-- text compared in a case
select id, case when s > 'b' then 1 else 0 end as n from shop.t
-- same: seconds between
select id, extract(epoch from ts - d::timestamp) as s from shop.t
-- days halved
select id, (e - d) / 7 as n from shop.t
-- same: day plus weeks
select id, d + (a * 7) as n, d + cast(b as integer) as m from shop.t
-- average by hand
select sum(a) / count(*) as n from shop.t
-- percent by hand
select ok, count(*) * 100.0 / 7 as n from shop.t group by ok
-- same: other type names
select id, a::float8 as f, a::int8 as i, x::numeric(10,1) as n, a::text as t, a::real as r from shop.t
-- same: literals
select 'it''s' as a, e'a\tb' as b, $$dollar$$ as c, 1.50 as d, .5 as e /* nested /* comment */ */
-- same: quoted name
select "id" from shop.t
-- quoted name in capitals
select "ID" from shop.t
-- quoted alias used without quotes
select id2 from (select id as "Id2" from shop.t) as q
-- filter without where
select sum(x) filter (ok) as n from shop.t
-- same: sum of sums
select a, sum(sum(x)) over (order by a) as s from shop.t group by a
-- same: greatest of days
select id, greatest(d, e) as g, least(ts, tz::timestamp) as l from shop.t
-- length of composed letters
select id, length(u) as n from shop.t
-- left of composed letters
select id, left(u, 1) as l, right(u, 1) as r, substr(u, 1, 1) as s from shop.t
-- lpad of composed letters
select id, lpad(u, 3, '*') as l, strpos(u, 'a') as p, translate(u, 'e', 'x') as t from shop.t
-- count without a star
select count() as n from shop.t
-- alias in a join condition
select t.id, o.amount * 2 as twice from shop.t join shop.o on o.t_id = t.id where twice > 10
-- alias of a query around
select q.p, q.p + 1 as r from (select a + 1 as p from shop.t) as q where q.p > 2
-- lateral alias in a window
select id, a + 1 as p, row_number() over (order by p, id) as n from shop.t
-- union all by name in a subquery
select * from (select id, a from shop.t union all by name select id, amount from shop.o) as q
-- null ordering in array_agg
select (array_agg(id order by a desc))[1] as f from shop.t
-- nested call behind a dot
select id, s.upper().length() as n from shop.t
-- is in a list
select id, a in [1, 2] as p from shop.t
-- list contains
select id, list_contains(array[1, 2], a) as p from shop.t
-- not like with capital letters
select id from shop.t where s like 'B%'
-- text in a list of texts
select id from shop.t where s in ('apple', 'Zebra')
-- max of texts
select ok, max(u) as m from shop.t group by ok
-- max of text in a window
select id, max(s) over (partition by ok) as m from shop.t
-- order by text in a subquery with a limit
select * from (select id, s from shop.t order by s desc nulls last, id limit 2) as q
-- order by an alias that is a text
select id, coalesce(s, '') as k from shop.t order by k, id limit 3
-- dense rank by a joined text
select id, dense_rank() over (order by s || '-') as k from shop.t
-- least of texts
select id, least(s, 'b') as k from shop.t
-- sum of a text column by mistake
select id, s || a || x as k from shop.t
-- cast of a text with a point
select v::integer as n from (values ('1.5')) as t(v)
-- cast of a text to boolean
select v::boolean as n from (values ('yes'), ('1')) as t(v)
-- text compared with a day
select id from shop.t where d > '2024-02-01'
-- text column compared with a day
select v from (values ('2024-02-01')) as t(v) where v::date > date '2024-01-01'
-- date plus interval by number
select id, ts + interval '1' hour as p, ts - to_hours(2) as q from shop.t
-- current setting of parameters
select id from shop.t where tz >= $start or $start is null
-- group by expression
select extract(year from d) as y, count(*) as n from shop.t group by extract(year from d)
-- having with an aggregate alias
select ok, count(*) as n from shop.t group by ok having n > 1
-- order by aggregate
select ok, sum(x) as n from shop.t group by ok order by sum(x) desc limit 1
-- offset only
select id from shop.t order by id offset 5
-- fill with zero by coalesce
select ok, coalesce(sum(case when a > 2 then x end), 0) as n from shop.t group by ok
-- isfinite
select id, isfinite(d) as n from shop.t
-- nullif of floats
select id, 1 / nullif(f, 0) as n from shop.t
-- bool to text in a join of texts
select id, s || ok as n from shop.t
-- decimal overflow to more digits
select id, x * y * 1.0001 as n from shop.t
-- percentile_disc
select percentile_disc(0.5) within group (order by a) as n from shop.t
-- percentile_cont of floats
select percentile_cont(0.5) within group (order by f) as n from shop.t
-- date from a text
select id, strptime(s, '%Y') from shop.t where false
-- timezone function
select id, timezone('Europe/London', tz) as n from shop.t
-- at time zone of a text
select id, (ts at time zone 'America/New_York') at time zone 'UTC' as n from shop.t
-- recursion with days
with recursive days as (select date '2024-01-01' as d union all select d + 1 from days where d < date '2024-01-05') select d from days
-- materialized
with q as materialized (select id from shop.t) select id from q
-- summarize
select * from (describe shop.t) as q
-- same: month of a day as a day, grouped by number
select cast(date_trunc('month', d) as date) as m, count(*) as n from shop.t group by 1 order by 1
-- same: interval times a sum
select id, cast(d + (a + 10 * id) * interval '1' day as date) as n from shop.t where tz < $now or tz >= $now
-- same: text through a decimal
select cast(cast(v as decimal(18,1)) as integer) as n from (values ('17850.0')) as t(v)
-- month of a day in a union with a day
select date_trunc('month', d)::varchar as m from shop.t
-- date literal compared with a moment
select id from shop.t where ts > d
-- same: sum over nothing
select sum(x) as n, count(*) as c from shop.t where false
-- variance in a window
select id, stddev(x) over (order by id) as n from shop.t
-- sum of floats ordered
select id, sum(f / 3) over (order by id) as n from shop.t where f < 100
-- alias shadows nothing in order by
select id, a as k from shop.t order by k desc nulls last, id limit 2
-- order by position downwards
select a, id from shop.t order by 1 desc, 2 limit 2
-- order by position of a text
select s, id from shop.t order by 1, 2 limit 2
-- case without types
select id, case when ok then 1 else 2.5 end as n from shop.t
-- text literal with a number
select id, a || '' as n, 'x' || 1.50 as m from shop.t
-- except all
select a from shop.t except all select id from shop.o
-- count of two columns
select count(distinct (a, ok)) as n from shop.t
-- row comparison
select id from shop.t where (a, id) in (select id, t_id from shop.o)
-- tuple greater
select id from shop.t where (a, id) > (2, 2)
-- interval compared
select id from shop.t where ts - d::timestamp > interval '5 hours'
-- times
select id, ts::time as n from shop.t
-- extract of a time difference
select id, extract(day from ts - d::timestamp) as n from shop.t
-- age in years
select id, date_part('year', age(ts)) as n from shop.t where false
-- greatest of three
select id, greatest(a, id, 3) as n from shop.t
-- cast null
select null::integer as n, cast(null as varchar) as m
-- boolean literal texts
select id from shop.t where ok = 't'
-- number compared with a text literal
select id from shop.t where a = '2'
-- number in text literals
select id from shop.t where a in ('1', '2')
-- union of literal text and number
select '1' as n union all select a from shop.t
-- coalesce of a number and a text literal
select id, coalesce(a, '0') as n from shop.t
-- exponent of whole numbers, nested
select id, 2 ^ 3 ^ 2 as n from shop.t
-- minus and power
select -2 ^ 2 as n
-- precedence of not and is
select id, not a is null as n from shop.t
-- precedence of like and joining
select id, s || 'x' like 'a%' as n from shop.t
-- whole number division in an index
select id, a - 2 * (a / 2) as n from shop.t
-- rounding of negative decimals
select id, round(-x * 0.5, 1) as n, round(x, -1) as m from shop.t
-- ceiling
select ceiling(x) as n from shop.t
-- cast of a decimal to fewer digits
select id, y::decimal(10,2) as n, (-0.125)::decimal(5,2) as m from shop.t
-- cast of a float to a decimal
select id, (f / 1e3)::decimal(18,2) as n from shop.t
-- cast of a half
select id, (id + 0.5)::integer as n, (id + 0.5)::double precision::integer as m from shop.t
-- lower in a comparison of text functions
select id from shop.t where lower(s) = 'banana'
-- repeat of a column
select id, repeat('x', a) as n, lpad(id::varchar, 5, '0') as m from shop.t
-- left of a column
select id, left(s, a) as n from shop.t
-- chr of zero and ascii
select ascii('é') as n
-- make_date of bigint
select make_date(2024, b, 1) as d from shop.t where b = 10
-- substr of bigint
select substr(s, id::bigint) as d from shop.t
-- left of bigint
select left(s, b) as d from shop.t
-- repeat of bigint
select repeat('x', b) as d from shop.t
-- split_part of bigint
select split_part(s, 'a', id::bigint) as d from shop.t
-- lag by a column
select id, lag(x, 2) over (order by id) as n, lag(a, 1, 0) over (order by id) as m, lag(x, 1, 0) over (order by id) as k from shop.t
-- nth_value of bigint
select id, nth_value(x, 2) over (order by id) as n from shop.t
-- ntile of bigint
select id, ntile(count(*)) over (order by id) as n from shop.t group by id
-- row_number as an index for make_date
select make_date(2024, 1, row_number() over (order by id)) as d from shop.t
-- day plus count
select date '2024-01-01' + count(*)::integer as d from shop.t
-- library with count
select larder.add_months(date '2024-01-01', count(*)) as d from shop.t
-- library with extract
select larder.add_months(d, extract(month from d)) as d from shop.t
-- library with a timestamp
select larder.divide(x, a, 2) as q, larder.week_label(ts::date) as w from shop.t
-- sum compared with bigint
select sum(b) as n, sum(a) as m from shop.t

-- names with capitals
select "OrderId", place from shop.Caps

-- a schema with capitals in quotes
select place from "Shop"."Caps"

-- a column with capitals
select place from shop."Caps" where OrderId = 1

-- a column with capitals behind its table
select c.orderid from shop."Caps" as c

-- same: names with capitals in quotes
select c."OrderId", c.place from shop."Caps" as c where "OrderId" > 1

-- same: small letters in other letters
select ID, S as t from Shop.T where A > 1

-- same: a name of the text like a column with capitals
select q.orderid from (select "OrderId" as orderid from shop."Caps") as q

-- a time of day
select id, cast(ts as time) + interval '90 minutes' as t from shop.t

-- order of words that are in no column
select id, case when a > 1 then 'apple' else 'Banana' end as w from shop.t order by w, id limit 3

-- order of numbers as texts
select id, cast(a - 3 as varchar) as w from shop.t order by cast(a - 3 as varchar) nulls last, id limit 4

-- least of words and a column
select id, least('Zoo', s) as l, greatest(upper('apple'), s) as g from shop.t where id <> 1

-- words compared
select w from (values ('apple'), ('Banana')) as v(w) where w < 'b'

-- same: order of a text of a common table
with q as (select s as name, id from shop.t where s is not null), r as (select name as label, id as n from q) select label, n from r order by label, n limit 3

-- same: texts joined to words in order
select id, s || '!' as w, 'n ' || s as v from shop.t where s is not null order by w, v limit 3

-- same: lower of a text
select id, lower(u) as l, lower(s) as m from shop.t

-- same: like in any case
select id from shop.t where u ilike '%I%' or s ilike 'b%'
