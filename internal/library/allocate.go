package library

import "fmt"

// whole is an amount counted in 10^-scale, which must come out even.
const (
	whole   = "case when total is null then null when larder.round_half_away(total, scale) = total then (((total) * 10000000000::decimal(11,0))::hugeint // (10::double ** (10 - scale))::hugeint) else error('larder: the total has more digits than the scale: ' || total) end"
	wholePg = "case when total is null then null when larder.round_half_away(total, scale) = total::numeric(27,10) then trunc(total::numeric(27,10) * 10::numeric ^ scale) else larder.refuse('the total has more digits than the scale', total) end"
)

// running is the part of the total that is due up to a weight, rounded.
func running(weight string) string {
	return halved(fmt.Sprintf("(2 * (%s) * %s) // nullif(%s, 0)", whole, units(weight), units("weights")))
}

func runningPg(weight string) string {
	twice := fmt.Sprintf("2 * (%s) * %s", wholePg, pg(weight))
	return fits(twice+" * 10::numeric ^ 10", halvedPg(fmt.Sprintf("div(%s, nullif(%s, 0))", twice, pg("weights"))))
}

const weightsHold = "weight < 0 or weights < 0"

func allocations() []Function {
	due := fmt.Sprintf("(2 * (%s) * %s)", whole, units("weight"))
	duePg := fmt.Sprintf("(2 * (%s) * %s)", wholePg, pg("weight"))
	guard := func(body string) string {
		return "case when " + weightsHold + " then error('larder: a weight is negative: ' || weight) else " + atScale(body) + " end"
	}
	guardPg := func(body string) string {
		return "case when " + weightsHold + " then larder.refuse('a weight is negative', weight) else " + atScalePg(fits(duePg+" * 10::numeric ^ 10", body)) + " end"
	}
	return []Function{
		{
			Name: "allocate", Params: decimals("total weight before weights"),
			duckdb:   atScale(scaled("(" + running("(before + weight)::decimal(27,10)") + ") - (" + running("before") + ")")),
			postgres: atScalePg(scaledPg("(" + runningPg("before + weight") + ") - (" + runningPg("before") + ")")),
			Doc: "A row's share of total by its weight: the difference of two running totals that are rounded, so that the shares of all rows add up to total exactly and each " +
				"is less than a penny from its exact value. `before` is the sum of the weights of the rows before it, `weights` of all rows. NULL when weights is zero. " +
				"A total with more digits than scale is an error.",
			Example: "larder.allocate(100.00, 1, 1, 3, 2)", Gives: "33.3400000000",
		},
		{
			Name: "allocate_floor", Params: decimals("total weight weights"),
			duckdb:   guard(scaled(fmt.Sprintf("(%s // nullif(%s, 0)) // 2", due, units("weights")))),
			postgres: guardPg(scaledPg(fmt.Sprintf("div(div(%s, nullif(%s, 0)), 2)", duePg, pg("weights")))),
			Doc: "The first step of the method of the largest remainder (Hamilton): a row's share of total by its weight, cut towards zero. " +
				"NULL when weights is zero; a negative weight, or a total with more digits than scale, is an error.",
			Example: "larder.allocate_floor(100.00, 2, 3, 2)", Gives: "66.6600000000",
		},
		{
			Name: "allocate_rest", Params: decimals("total weight weights"), Returns: "whole decimal",
			duckdb:   guard(fmt.Sprintf("abs((%s // 2) %% nullif(%s, 0))::decimal(38,0)", due, units("weights"))),
			postgres: guardPg(fmt.Sprintf("abs(mod(%s * 10::numeric ^ 10 / 2, nullif(%s * 10::numeric ^ 10, 0)))::numeric(38,0)", duePg, pg("weights"))),
			Doc:      "The second step: what allocate_floor cut off, as a whole number that orders the rows of one total. The largest get a penny more.",
			Example:  "larder.allocate_rest(100.00, 2, 3, 2)", Gives: "20000000000",
		},
		{
			Name: "allocate_top", Params: append(decimals("total floor floors"), Param{"place", "bigint"}),
			both: "case when place <= abs(larder.round_half_away(total - floors, scale)) * (10::decimal(11,0) ^ scale)::decimal(11,0) " +
				"then floor + sign(total) * larder.divide(1, (10::decimal(11,0) ^ scale)::decimal(11,0), scale) else floor end::decimal(27,10)",
			Doc: "The third step: floor, and a penny more for the first places. `floors` is the sum of all floors of the total, `place` the row's number " +
				"by descending allocate_rest. See the pattern below.",
			Example: "larder.allocate_top(100.00, 33.33, 99.99, 2, 1)", Gives: "33.3400000000",
		},
	}
}
