package library

// day is the argument of most functions of the calendar.
var day = []Param{{"day", "date"}}

func dates(names ...string) []Param {
	var out []Param
	for _, name := range names {
		out = append(out, Param{name, "date"})
	}
	return out
}

func with(params []Param, more ...Param) []Param {
	return append(params[:len(params):len(params)], more...)
}

// A month's last day is found without a month's length: 31 days after the first
// is always in the next month.
const (
	year       = "extract(year from day)::integer"
	month      = "extract(month from day)::integer"
	isoDay     = "extract(isodow from day)::integer"
	monthStart = "day - (extract(day from day)::integer - 1)"
	nextMonth  = "(" + monthStart + " + 31)"
	monthEnd   = nextMonth + " - extract(day from " + nextMonth + ")::integer"
)

func calendar() []Function {
	return grouped("Calendar", "date", append([]Function{
		{
			Name: "weekday", Returns: "integer", Params: day, both: isoDay,
			Doc: "The day of the week, 1 is Monday and 7 is Sunday.", Example: "larder.weekday(date '2024-12-25')", Gives: "3",
		},
		{
			Name: "week_start", Params: day, both: "day - (" + isoDay + " - 1)",
			Doc: "The Monday of the day's week.", Example: "larder.week_start(date '2024-12-25')", Gives: "2024-12-23",
		},
		{
			Name: "week_start", Params: with(day, Param{"starts_on", "integer"}),
			both: "day - ((" + isoDay + " - starts_on + 7) % 7)",
			Doc:  "The first day of the day's week, when weeks start on a weekday from 1 (Monday) to 7 (Sunday).", Example: "larder.week_start(date '2024-12-25', 7)", Gives: "2024-12-22",
		},
		{
			Name: "week_end", Params: day, both: "day + (7 - " + isoDay + ")",
			Doc: "The Sunday of the day's week.", Example: "larder.week_end(date '2024-12-25')", Gives: "2024-12-29",
		},
		{
			Name: "iso_week", Returns: "integer", Params: day, both: "extract(week from day)::integer",
			Doc: "The number of the ISO 8601 week, 1 to 53. It belongs to iso_year, not to the calendar year.", Example: "larder.iso_week(date '2024-12-30')", Gives: "1",
		},
		{
			Name: "iso_year", Returns: "integer", Params: day, both: "extract(isoyear from day)::integer",
			Doc: "The year the day's ISO 8601 week belongs to.", Example: "larder.iso_year(date '2024-12-30')", Gives: "2025",
		},
		{
			Name: "week_label", Returns: "varchar", Params: day,
			both: "lpad(extract(isoyear from day)::integer::varchar, 4, '0') || '-W' || lpad(extract(week from day)::integer::varchar, 2, '0')",
			Doc:  "The ISO 8601 week as a text that sorts by time.", Example: "larder.week_label(date '2024-12-30')", Gives: "2025-W01",
		},
		{
			Name: "month_start", Params: day, both: monthStart,
			Doc: "The first day of the month.", Example: "larder.month_start(date '2024-02-10')", Gives: "2024-02-01",
		},
		{
			Name: "month_end", Params: day, both: monthEnd,
			Doc: "The last day of the month.", Example: "larder.month_end(date '2024-02-10')", Gives: "2024-02-29",
		},
		{
			Name: "month_label", Returns: "varchar", Params: day,
			both: "lpad((" + year + ")::varchar, 4, '0') || '-' || lpad((" + month + ")::varchar, 2, '0')",
			Doc:  "The month as a text that sorts by time.", Example: "larder.month_label(date '2024-02-10')", Gives: "2024-02",
		},
		{
			Name: "days_in_month", Returns: "integer", Params: day, both: "extract(day from " + monthEnd + ")::integer",
			Doc: "How many days the day's month has.", Example: "larder.days_in_month(date '2024-02-10')", Gives: "29",
		},
		{
			Name: "quarter_start", Params: day, both: "make_date(" + year + ", (extract(quarter from day)::integer - 1) * 3 + 1, 1)",
			Doc: "The first day of the calendar quarter.", Example: "larder.quarter_start(date '2024-12-25')", Gives: "2024-10-01",
		},
		{
			Name: "quarter_end", Params: day, both: "larder.month_end(make_date(" + year + ", extract(quarter from day)::integer * 3, 1))",
			Doc: "The last day of the calendar quarter.", Example: "larder.quarter_end(date '2024-11-25')", Gives: "2024-12-31",
		},
		{
			Name: "year_start", Params: day, both: "make_date(" + year + ", 1, 1)",
			Doc: "The first of January of the day's year.", Example: "larder.year_start(date '2024-12-25')", Gives: "2024-01-01",
		},
		{
			Name: "year_end", Params: day, both: "make_date(" + year + ", 12, 31)",
			Doc: "The last day of the day's year.", Example: "larder.year_end(date '2024-02-10')", Gives: "2024-12-31",
		},
	}, spans()...))
}

// spans are the functions of the time between two days.
func spans() []Function {
	months := "(extract(year from to_day)::integer - extract(year from from_day)::integer) * 12 + extract(month from to_day)::integer - extract(month from from_day)::integer"
	return []Function{
		{
			Name: "add_months", Params: with(day, Param{"months", "bigint"}), both: "(day + months * interval '1 month')::date",
			Doc: "The same day some months later, or earlier when months is negative; the month's last day where there is no such day.", Example: "larder.add_months(date '2024-01-31', 1)", Gives: "2024-02-29",
		},
		{
			Name: "months_between", Returns: "integer", Params: dates("from_day", "to_day"),
			both: months + " + case when to_day >= from_day and extract(day from to_day) < extract(day from from_day) then -1 when to_day < from_day and extract(day from to_day) > extract(day from from_day) then 1 else 0 end",
			Doc:  "Full months from one day to another: a month is full when the day of the month is reached again. Negative backwards.", Example: "larder.months_between(date '2024-01-31', date '2024-03-30')", Gives: "1",
		},
		{
			Name: "years_between", Returns: "integer", Params: dates("from_day", "to_day"),
			both: "larder.months_between(from_day, to_day) // 12",
			Doc:  "Full years from one day to another. Negative backwards.", Example: "larder.years_between(date '2000-02-29', date '2024-02-28')", Gives: "23",
		},
		{
			Name: "age_years", Returns: "integer", Params: dates("born", "on_day"),
			both: "case when on_day >= born then larder.years_between(born, on_day) end",
			Doc:  "Age in full years; who was born on 29 February has the birthday on 1 March in other years. NULL before birth.", Example: "larder.age_years(date '2000-02-29', date '2023-03-01')", Gives: "23",
		},
		{
			Name: "cohort_month", Returns: "integer", Params: dates("first_day", "day"),
			both: "(extract(year from day)::integer - extract(year from first_day)::integer) * 12 + extract(month from day)::integer - extract(month from first_day)::integer",
			Doc:  "The index of a day in a monthly cohort: calendar months since the month of the first order, 0 in that month.", Example: "larder.cohort_month(date '2024-01-31', date '2024-03-01')", Gives: "2",
		},
		{
			Name: "cohort_week", Returns: "integer", Params: dates("first_day", "day"),
			both: "(larder.week_start(day) - larder.week_start(first_day)) // 7",
			Doc:  "The index of a day in a weekly cohort: weeks, from Monday to Sunday, since the week of the first order.", Example: "larder.cohort_week(date '2024-01-07', date '2024-01-08')", Gives: "1",
		},
		{
			Name: "date_spine", Form: Rows, Returns: "row of dates", Params: dates("first_day", "last_day"),
			duckdb:   "select unnest(generate_series(first_day, last_day, interval 1 day))::date as day",
			postgres: "first_day + i from generate_series(0, last_day - first_day) as i",
			Doc:      "Every day from the first to the last, both included, as the column day. No rows when last is before first.", Example: "(select count(*) from larder.date_spine(date '2024-02-01', date '2024-03-01'))", Gives: "30",
		},
		{
			Name: "month_spine", Form: Rows, Returns: "row of dates", Params: dates("first_day", "last_day"),
			duckdb:   "select (larder.month_start(first_day) + i * interval 1 month)::date as day from (select unnest(range(0, larder.cohort_month(first_day, last_day) + 1)) as i)",
			postgres: "(larder.month_start(first_day) + i * interval '1 month')::date from generate_series(0, larder.cohort_month(first_day, last_day)) as i",
			Doc:      "The first day of every month from that of the first day to that of the last, as the column day.", Example: "(select count(*) from larder.month_spine(date '2024-01-31', date '2024-03-01'))", Gives: "3",
		},
	}
}
