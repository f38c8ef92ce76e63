package library

func startMonth(params []Param) []Param { return with(params, Param{"start_month", "integer"}) }

// in12 makes a body NULL for a month there is not.
func in12(body string) string { return "case when start_month between 1 and 12 then " + body + " end" }

func fiscal() []Function {
	fiscalMonth := "((" + month + " - start_month + 12) % 12 + 1)"
	return grouped("Fiscal and retail years", "integer", append([]Function{
		{
			Name: "fiscal_year", Params: startMonth(day),
			both: in12(year + " + case when start_month > 1 and " + month + " >= start_month then 1 else 0 end"),
			Doc:  "The fiscal year, named after the calendar year it ends in, when it starts with a month from 1 to 12; NULL for any other month.", Example: "larder.fiscal_year(date '2024-04-01', 4)", Gives: "2025",
		},
		{
			Name: "fiscal_month", Params: startMonth(day), both: in12(fiscalMonth),
			Doc: "The month's number in the fiscal year, the period, 1 to 12.", Example: "larder.fiscal_month(date '2024-04-01', 4)", Gives: "1",
		},
		{
			Name: "fiscal_quarter", Params: startMonth(day), both: in12("(" + fiscalMonth + " - 1) // 3 + 1"),
			Doc: "The quarter of the fiscal year, 1 to 4.", Example: "larder.fiscal_quarter(date '2024-03-31', 4)", Gives: "4",
		},
		{
			Name: "fiscal_year_start", Returns: "date", Params: startMonth(day),
			both: in12("make_date(" + year + " - case when " + month + " < start_month then 1 else 0 end, start_month, 1)"),
			Doc:  "The first day of the day's fiscal year.", Example: "larder.fiscal_year_start(date '2024-03-31', 4)", Gives: "2023-04-01",
		},
		{
			Name: "fiscal_label", Returns: "varchar", Params: startMonth(day),
			both: "'FY' || larder.fiscal_year(day, start_month)::varchar || '-P' || lpad(larder.fiscal_month(day, start_month)::varchar, 2, '0')",
			Doc:  "Fiscal year and period as a text that sorts by time.", Example: "larder.fiscal_label(date '2024-04-01', 4)", Gives: "FY2025-P01",
		},
	}, retail()...))
}

// retail is the calendar of whole weeks: a year starts on the Sunday nearest to
// 1 February (National Retail Federation) and has 52 or 53 weeks.
func retail() []Function {
	first := "make_date(year::integer, 2, 1)"
	sunday := "(extract(isodow from " + first + ")::integer % 7)"
	quarter := "least((week - 1) // 13, 3)"
	within := "(week - " + quarter + " * 13)"
	return []Function{
		{
			Name: "retail_year_start", Returns: "date", Params: []Param{{"year", "bigint"}},
			both: first + " + case when " + sunday + " <= 3 then -" + sunday + " else 7 - " + sunday + " end",
			Doc:  "The first day of a retail year: the Sunday nearest to 1 February.", Example: "larder.retail_year_start(2024)", Gives: "2024-02-04",
		},
		{
			Name: "retail_year", Params: day,
			both: year + " - case when day < larder.retail_year_start(" + year + ") then 1 else 0 end",
			Doc:  "The retail year a day is in.", Example: "larder.retail_year(date '2024-02-03')", Gives: "2023",
		},
		{
			Name: "retail_week", Params: day,
			both: "(day - larder.retail_year_start(larder.retail_year(day))) // 7 + 1",
			Doc:  "The week of the retail year, 1 to 53.", Example: "larder.retail_week(date '2024-02-03')", Gives: "53",
		},
		{
			Name: "week_period", Params: []Param{{"week", "bigint"}, {"pattern", "varchar"}},
			both: "case when week between 1 and 53 and pattern in ('445', '454', '544') then " + quarter + " * 3 + case " +
				"when " + within + " <= case when pattern = '544' then 5 else 4 end then 1 " +
				"when " + within + " <= case when pattern = '445' then 8 else 9 end then 2 else 3 end end",
			Doc: "The period, 1 to 12, of a week of the year, for periods of 4, 4 and 5 weeks ('445'), '454' or '544'. The 53rd week is in period 12. NULL for any other week or pattern.", Example: "larder.week_period(9, '445')", Gives: "3",
		},
		{
			Name: "retail_period", Params: with(day, Param{"pattern", "varchar"}), both: "larder.week_period(larder.retail_week(day), pattern)",
			Doc: "The period, 1 to 12, of a day in the retail year; see week_period.", Example: "larder.retail_period(date '2024-02-04', '454')", Gives: "1",
		},
	}
}
