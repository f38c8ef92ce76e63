package library

var holidays = Param{"holidays", "date[]"}

// Business days are Monday to Friday that are no holidays. Without holidays they
// are computed in closed form, counting whole weeks of five; with them the days
// of a window that is surely long enough are looked at.
func business() []Function {
	// From a weekend, one counts forward from Friday and backward from Monday.
	place := "(case when " + isoDay + " < 6 then " + isoDay + " when days > 0 then 5 else 1 end - 1 + days)"
	base := "(case when " + isoDay + " < 6 then day - (" + isoDay + " - 1) when days > 0 then day - (" + isoDay + " - 1) else day + (8 - " + isoDay + ") end)"
	return grouped("Business days", "date", append([]Function{
		{
			Name: "is_weekend", Returns: "boolean", Params: day, both: isoDay + " > 5",
			Doc: "Whether the day is a Saturday or Sunday.", Example: "larder.is_weekend(date '2024-12-28')", Gives: "true",
		},
		{
			Name: "is_business_day", Returns: "boolean", Params: day, both: isoDay + " < 6",
			Doc: "Whether the day is none of a weekend.", Example: "larder.is_business_day(date '2024-12-25')", Gives: "true",
		},
		{
			Name: "next_business_day", Params: day, both: "day + case " + isoDay + " when 5 then 3 when 6 then 2 else 1 end",
			Doc: "The first business day after the day.", Example: "larder.next_business_day(date '2024-12-27')", Gives: "2024-12-30",
		},
		{
			Name: "previous_business_day", Params: day, both: "day - case " + isoDay + " when 1 then 3 when 7 then 2 else 1 end",
			Doc: "The last business day before the day.", Example: "larder.previous_business_day(date '2024-12-30')", Gives: "2024-12-27",
		},
		{
			Name: "add_business_days", Params: with(day, Param{"days", "bigint"}),
			both: "case when days = 0 then day else (" + base + " + (((" + place + " + 5000000) // 5 - 1000000) * 7 + (" + place + " + 5000000) % 5)::integer) end",
			Doc:  "The day that many business days later, or earlier when days is negative; 0 is the day itself, a weekend too. Up to five million days.", Example: "larder.add_business_days(date '2024-12-27', 2)", Gives: "2024-12-31",
		},
		{
			Name: "business_days_between", Returns: "integer", Params: dates("from_day", "to_day"),
			both: plainBetween,
			Doc:  "Business days from one day, itself included, to another that is not. Negative backwards.", Example: "larder.business_days_between(date '2024-12-20', date '2024-12-27')", Gives: "5",
		},
	}, aroundHolidays()...))
}

// weekdays counts the weekdays before a day since a Monday long ago.
func weekdays(d string) string {
	d = "(" + d + " - date '0001-01-01')"
	return "((" + d + " // 7) * 5 + least(" + d + " % 7, 5))"
}

var plainBetween = weekdays("to_day") + " - " + weekdays("from_day")

func aroundHolidays() []Function {
	// Of 7 + 2 n days at least n + 1 are no weekend, for any n from 0.
	nth := func(sign, n string) (duckdb, postgres string) {
		open := "extract(isodow from day " + sign + " i::integer) < 6 and not coalesce(%s, false)"
		window := "7 + 2 * (abs(" + n + ")::integer + coalesce(%s(holidays), 0))::integer"
		duckdb = "day " + sign + " list_filter(range(1, 1 + " + sprintf(window, "len") + "), lambda i: " +
			sprintf(open, "list_contains(holidays, (day "+sign+" i::integer))") + ")[abs(" + n + ")::integer]::integer"
		postgres = "(select day " + sign + " i::integer from generate_series(1, " + sprintf(window, "cardinality") + ") as i where " +
			sprintf(open, "day "+sign+" i::integer = any (holidays)") + " order by i offset greatest(abs(" + n + ") - 1, 0) limit 1)"
		return duckdb, postgres
	}
	next, nextPg := nth("+", "1")
	previous, previousPg := nth("-", "1")
	later, laterPg := nth("+", "days")
	earlier, earlierPg := nth("-", "days")
	choose := func(later, earlier string) string {
		return "case when days > 0 then " + later + " when days < 0 then " + earlier + " when days = 0 then day end"
	}
	span := "case when to_day >= from_day then 1 else -1 end * %s"
	in := "h >= least(from_day, to_day) and h < greatest(from_day, to_day) and extract(isodow from h) < 6"
	return []Function{
		{
			Name: "is_business_day", Returns: "boolean", Params: with(day, holidays),
			duckdb:   isoDay + " < 6 and not coalesce(list_contains(holidays, day), false)",
			postgres: isoDay + " < 6 and not coalesce(day = any (holidays), false)",
			Doc:      "Whether the day is none of a weekend and no holiday. No list is an empty one.", Example: "larder.is_business_day(date '2024-12-25', array[date '2024-12-25'])", Gives: "false",
		},
		{
			Name: "next_business_day", Params: with(day, holidays), duckdb: next, postgres: nextPg,
			Doc: "The first business day after the day that is no holiday.", Example: "larder.next_business_day(date '2024-12-24', array[date '2024-12-25', date '2024-12-26'])", Gives: "2024-12-27",
		},
		{
			Name: "previous_business_day", Params: with(day, holidays), duckdb: previous, postgres: previousPg,
			Doc: "The last business day before the day that is no holiday.", Example: "larder.previous_business_day(date '2024-12-27', array[date '2024-12-25', date '2024-12-26'])", Gives: "2024-12-24",
		},
		{
			Name: "add_business_days", Params: with(day, Param{"days", "bigint"}, holidays), duckdb: choose(later, earlier), postgres: choose(laterPg, earlierPg),
			Doc: "The day that many business days later or earlier, holidays left out; 0 is the day itself. The work grows with days.", Example: "larder.add_business_days(date '2024-12-24', 2, array[date '2024-12-25'])", Gives: "2024-12-27",
		},
		{
			Name: "business_days_between", Returns: "integer", Params: with(dates("from_day", "to_day"), holidays),
			duckdb:   plainBetween + " - " + sprintf(span, "len(list_filter(list_distinct(coalesce(holidays, []::date[])), lambda h: "+in+"))"),
			postgres: "larder.business_days_between(from_day, to_day) - " + sprintf(span, "(select count(distinct h) from unnest(holidays) as h where "+in+")"),
			Doc:      "Business days from one day, itself included, to another that is not, holidays left out. Negative backwards.", Example: "larder.business_days_between(date '2024-12-20', date '2024-12-27', array[date '2024-12-25', date '2024-12-26'])", Gives: "3",
		},
	}
}
