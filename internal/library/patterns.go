package library

// Pattern is a way to write what no function can do, in SQL that means the same
// on every engine.
type Pattern struct {
	Name, Doc string
	SQL       string // runs as it stands
	Gives     string // its rows, columns parted by |
}

// Patterns returns what docs/functions.md shows beside the functions; a test
// runs each on every engine.
func Patterns() []Pattern {
	return []Pattern{
		{
			Name: "A rate as of a date",
			Doc:  "The newest rate on or before the day: make ranges of the rates once, then join on them. An order before the first rate gets NULL, which a required column will tell.",
			SQL: `with rates as (
    select currency, rate, valid_from,
        lead(valid_from, 1, date '9999-12-31') over (partition by currency order by valid_from) as valid_to
    from (values ('EUR', 0.86, date '2024-01-01'), ('EUR', 0.85, date '2024-02-01')) as r(currency, rate, valid_from)
)
select o.id, larder.convert(o.amount, r.rate, 2) as gbp
from (values (1, 'EUR', 99.99, date '2024-01-31'), (2, 'EUR', 99.99, date '2024-02-01'), (3, 'EUR', 99.99, date '2023-12-31')) as o(id, currency, amount, placed_on)
left join rates as r on r.currency = o.currency and o.placed_on >= r.valid_from and o.placed_on < r.valid_to
order by o.id`,
			Gives: "1|85.9900000000\n2|84.9900000000\n3|",
		},
		{
			Name: "Allocating by running totals",
			Doc:  "One pass and no ranking; the odd pennies go where the running total crosses a half.",
			SQL: `select line_no, larder.allocate(100.00, weight,
    coalesce(sum(weight) over (order by line_no rows between unbounded preceding and 1 preceding), 0),
    sum(weight) over (), 2) as share
from (values (1, 1.0), (2, 1.0), (3, 1.0)) as l(line_no, weight)
order by line_no`,
			Gives: "1|33.3300000000\n2|33.3400000000\n3|33.3300000000",
		},
		{
			Name: "Allocating by largest remainder",
			Doc:  "Every row is cut, and the pennies left go to those that lost most; the key decides between equals.",
			SQL: `with cut as (
    select line_no, larder.allocate_floor(100.00, weight, sum(weight) over (), 2) as floor,
        larder.allocate_rest(100.00, weight, sum(weight) over (), 2) as rest
    from (values (1, 1.0), (2, 2.0), (3, 3.0), (4, 1.0)) as l(line_no, weight)
), ranked as (
    select line_no, floor, sum(floor) over () as floors, row_number() over (order by rest desc, line_no) as place
    from cut
)
select line_no, larder.allocate_top(100.00, floor, floors, 2, place) as share
from ranked
order by line_no`,
			Gives: "1|14.2900000000\n2|28.5700000000\n3|42.8600000000\n4|14.2800000000",
		},
		{
			Name: "Sessions",
			Doc:  "The flag of a new session, added up, numbers a visitor's sessions.",
			SQL: `with flagged as (
    select visitor, seen_at, larder.is_new_session(seen_at, lag(seen_at) over (partition by visitor order by seen_at), 30) as is_new
    from (values ('a', timestamp '2024-01-01 10:00:00'), ('a', timestamp '2024-01-01 10:30:00'), ('a', timestamp '2024-01-01 11:00:01'), ('b', timestamp '2024-01-01 10:00:00')) as e(visitor, seen_at)
)
select visitor, seen_at, sum(case when is_new then 1 else 0 end) over (partition by visitor order by seen_at rows unbounded preceding) as session_no
from flagged
order by visitor, seen_at`,
			Gives: "a|2024-01-01 10:00:00|1\na|2024-01-01 10:30:00|1\na|2024-01-01 11:00:01|2\nb|2024-01-01 10:00:00|1",
		},
		{
			Name: "Texts of a group in order",
			Doc:  "string_agg is built in everywhere; say the order, or it may be another each time. NULLs are left out.",
			SQL: `select order_id, string_agg(sku, ', ' order by line_no) as skus
from (values (1, 2, 'B'), (1, 1, 'A'), (1, 3, null), (2, 1, 'C')) as l(order_id, line_no, sku)
group by order_id
order by order_id`,
			Gives: "1|A, B\n2|C",
		},
		{
			Name: "No day missing",
			Doc:  "A spine of days keeps those without sales.",
			SQL: `select d.day, coalesce(sum(s.amount), 0.00) as amount
from larder.date_spine(date '2024-02-28', date '2024-03-01') as d
left join (values (date '2024-02-28', 5.00), (date '2024-03-01', 7.50)) as s(day, amount) on s.day = d.day
group by d.day
order by d.day`,
			Gives: "2024-02-28|5.00\n2024-02-29|0.00\n2024-03-01|7.50",
		},
	}
}
