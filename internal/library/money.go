package library

import (
	"fmt"
	"strings"
)

// Money is computed in whole units of 10^-10 kept in HUGEINT on DuckDB, where
// DECIMAL divided by anything is a DOUBLE, and in numeric by whole-number
// division on PostgreSQL, whose numeric division has limited digits. Arguments
// are DECIMAL(27,10): their units have 27 digits, so twice a unit times 10^10
// still fits 127 bits, and what does not fit is an error on both engines.

// units is a decimal as whole units, in DuckDB.
func units(x string) string { return "((" + x + ") * 10000000000::decimal(11,0))::hugeint" }

// power is a power of ten as a whole number, in DuckDB. Exact up to 10^22.
func power(n string) string { return "(10::double ** (" + n + "))::hugeint" }

// halved brings a truncated doubled quotient to the nearest whole number, half
// away from zero: the one rounding rule.
// Halving is a shift on DuckDB, which rounds down: dividing a HUGEINT costs a
// microsecond.
func halved(twice string) string {
	return fmt.Sprintf("((%[1]s) + case when (%[1]s) > 0 then 1 else 0 end) >> 1", twice)
}

func halvedPg(twice string) string { return fmt.Sprintf("div((%[1]s) + sign(%[1]s), 2)", twice) }

// scaled turns a whole number of 10^-scale into a decimal.
func scaled(q string) string {
	return "((((" + q + ") * " + power("10 - scale") + ")::decimal(38,0) * 0.0000000001))::decimal(27,10)"
}

func scaledPg(q string) string { return "((" + q + ") * 10::numeric ^ (-scale))::numeric(27,10)" }

// atScale guards a body against a scale there is no room for.
func atScale(body string) string {
	return "case when scale is null then null when scale between 0 and 10 then " + body +
		" else error('larder: the scale must be 0 to 10, not ' || scale) end"
}

func atScalePg(body string) string {
	return "case when scale is null then null when scale between 0 and 10 then " + body +
		" else larder.refuse('the scale must be 0 to 10', scale) end"
}

// fits is PostgreSQL's way to fail where DuckDB's 127 bits end.
func fits(product, body string) string {
	return fmt.Sprintf("case when (%[1]s) is null then null when abs(%[1]s) < 170141183460469231731687303715884105728 then %[2]s else larder.refuse('the numbers are too large', %[1]s) end", product, body)
}

func pg(x string) string { return "(" + x + ")::numeric(27,10)" }

// quotient is a body that divides exactly and rounds once.
func quotient(above, below string) (duckdb, postgres string) {
	duckdb = atScale(scaled(halved(fmt.Sprintf("(2 * %s * %s) // nullif(%s, 0)", units(above), power("scale"), units(below)))))
	twice := fmt.Sprintf("2 * %s * 10::numeric ^ scale", pg(above))
	postgres = atScalePg(scaledPg(halvedPg(fmt.Sprintf("div(%s, nullif(%s, 0))", twice, pg(below)))))
	return duckdb, postgres
}

// product is a body that multiplies exactly and rounds once.
func product(a, b string) (duckdb, postgres string) {
	duckdb = atScale(scaled(halved(fmt.Sprintf("(2 * %s * %s) // %s", units(a), units(b), power("20 - scale")))))
	twice := fmt.Sprintf("2 * %s * %s", pg(a), pg(b))
	postgres = atScalePg(fits(twice+" * 10::numeric ^ 20", scaledPg(halvedPg(fmt.Sprintf("trunc(%s * 10::numeric ^ scale)", twice)))))
	return duckdb, postgres
}

const limits = " Arguments and result have at most 17 digits before the point, more is an error; arguments are taken with 10 digits behind it."

var scaleParam = Param{"scale", "integer"}

func decimals(names string) []Param {
	var out []Param
	for _, name := range strings.Fields(names) {
		out = append(out, Param{name, "decimal"})
	}
	return append(out, scaleParam)
}

func money() []Function {
	divide, dividePg := quotient("amount", `"by"`)
	multiply, multiplyPg := product("amount", `"by"`)
	convert, convertPg := product("amount", "rate")
	net, netPg := quotient("gross", "1 + rate")
	change, changePg := quotient("(after - before) * 100", "abs(before)")
	share, sharePg := quotient("part * 100", "whole")
	out := []Function{
		{
			Name: "divide", Params: decimals(`amount "by"`), duckdb: divide, postgres: dividePg,
			Doc:     "amount divided by `by`, exact, rounded once to scale digits, half away from zero. NULL when `by` is zero." + limits,
			Example: "larder.divide(100.00, 3, 2)", Gives: "33.3300000000",
		},
		{
			Name: "multiply", Params: decimals(`amount "by"`), duckdb: multiply, postgres: multiplyPg,
			Doc:     "amount times `by`, exact, rounded once to scale digits, half away from zero. Above 85 x 10^16 in between it is an error, never a wrong number." + limits,
			Example: "larder.multiply(19.99, 0.175, 2)", Gives: "3.5000000000",
		},
		{
			Name: "convert", Params: decimals("amount rate"), duckdb: convert, postgres: convertPg,
			Doc:     "An amount in another currency: amount times rate, exact, rounded once to scale digits (2 for most currencies, 0 for yen), half away from zero." + limits,
			Example: "larder.convert(100.00, 0.85655, 2)", Gives: "85.6600000000",
		},
		{
			Name: "net_of_tax", Params: decimals("gross rate"), duckdb: net, postgres: netPg,
			Doc:     "What of a gross amount is net, at a tax rate written as a share (0.20 is 20 %). Gross minus this is the tax, to the penny." + limits,
			Example: "larder.net_of_tax(119.99, 0.20, 2)", Gives: "99.9900000000",
		},
		{
			Name: "percent_change", Params: decimals("before after"), duckdb: change, postgres: changePg,
			Doc:     "By how many percent of |before| after is more. NULL when before is zero. The difference has at most 15 digits before the point.",
			Example: "larder.percent_change(80, 100, 1)", Gives: "25.0000000000",
		},
		{
			Name: "percent_of", Params: decimals("part whole"), duckdb: share, postgres: sharePg,
			Doc:     "How many percent of whole part is. NULL when whole is zero. A part has at most 15 digits before the point.",
			Example: "larder.percent_of(1, 3, 2)", Gives: "33.3300000000",
		},
	}
	return grouped("Money", "decimal", append(out, append(roundings(), allocations()...)...))
}

// grouped fills in what functions of one group share.
func grouped(group, returns string, functions []Function) []Function {
	for i := range functions {
		f := &functions[i]
		f.Group = group
		if f.Returns == "" {
			f.Returns = returns
		}
		if f.Form == "" {
			f.Form = Scalar
		}
	}
	return functions
}

func roundings() []Function {
	away := atScale(scaled(halved(fmt.Sprintf("(2 * %s) // %s", units("amount"), power("10 - scale")))))
	awayPg := atScalePg("round(" + pg("amount") + ", scale)::numeric(27,10)")
	unit := power("10 - scale")
	x := units("amount")
	even := atScale(scaled(fmt.Sprintf(
		"%[1]s // %[2]s + case when 2 * abs(%[1]s %% %[2]s) > %[2]s or (2 * abs(%[1]s %% %[2]s) = %[2]s and (%[1]s // %[2]s) %% 2 <> 0) then sign(%[1]s) else 0 end", x, unit)))
	y := "(" + pg("amount") + " * 10::numeric ^ scale)"
	evenPg := atScalePg(scaledPg(fmt.Sprintf(
		"trunc(%[1]s) + case when abs(%[1]s - trunc(%[1]s)) > 0.5 or (abs(%[1]s - trunc(%[1]s)) = 0.5 and mod(trunc(%[1]s), 2) <> 0) then sign(%[1]s) else 0 end", y)))
	return []Function{
		{
			Name: "round_half_away", Params: decimals("amount"), duckdb: away, postgres: awayPg,
			Doc:     "amount rounded to scale digits, half away from zero: the rule for money." + limits,
			Example: "larder.round_half_away(-2.345, 2)", Gives: "-2.3500000000",
		},
		{
			Name: "round_half_even", Params: decimals("amount"), duckdb: even, postgres: evenPg,
			Doc:     "amount rounded to scale digits, half to the even neighbour (banker's rounding)." + limits,
			Example: "larder.round_half_even(2.345, 2)", Gives: "2.3400000000",
		},
	}
}
