package compile

import "strings"

// portable are the functions that mean the same in DuckDB and PostgreSQL; a
// rule names the uses in which they do not. Everything else is reported.
var portable = map[string]rule{
	// Arithmetic.
	"+": whole, "-": minus, "*": times, "/": divides, "%": rest, "mod": rest, "abs": same, "sign": same, "ceil": same, "ceiling": same, "floor": same, "round": rounds,
	"trunc": same, "sqrt": ofDoubles, "exp": ofDoubles, "ln": ofDoubles, "power": ofDoubles, "pow": ofDoubles, "^": ofDoubles, "pi": same,
	"greatest": ofText, "least": ofText, "coalesce": same, "nullif": same,
	// Texts.
	"||": joined, "concat": concatenates, "concat_ws": concatenates, "length": counted("differs", "length(x::varchar)"), "char_length": same, "character_length": same, "lower": ofLetters, "upper": ofLetters,
	"replace": same, "substr": cuts, "substring": cuts, "left": same, "right": same, "strpos": same, "position": same, "lpad": same, "rpad": same, "repeat": same,
	"trim": trims, "ltrim": trims, "rtrim": trims, "starts_with": same, "split_part": splits, "translate": same, "chr": same, "md5": same,
	"~~": likes, "!~~": likes, "like_escape": same, "not_like_escape": same, "~~*": ofCase, "!~~*": ofCase,
	"~": matches, "regexp_full_match": matches, "regexp_replace": replaces, "reverse": reverses,
	// Days and times.
	"date_trunc": truncates, "date_part": extracts, "make_date": same, "timezone": same, "to_timestamp": same,
	"to_years": quoteless, "to_months": quoteless, "to_weeks": quoteless, "to_days": quoteless, "to_hours": quoteless, "to_minutes": quoteless, "to_seconds": quoteless, "to_milliseconds": quoteless, "to_microseconds": quoteless, "to_quarters": quoteless,
	// Lists.
	"list_value": listed, "unnest": same, "generate_series": generates,
	// Aggregates.
	"count": same, "count_star": same, "sum": adds, "min": ofText, "max": ofText, "avg": ofDoubles, "bool_and": same, "bool_or": same,
	"string_agg": ordered, "array_agg": ordered, "stddev": ofDoubles, "stddev_samp": ofDoubles, "stddev_pop": ofDoubles, "variance": ofDoubles, "var_samp": ofDoubles, "var_pop": ofDoubles,
	"corr": ofDoubles, "covar_pop": ofDoubles, "covar_samp": ofDoubles, "quantile_cont": quantiles, "quantile_disc": quantiles, "regr_slope": ofDoubles, "regr_intercept": ofDoubles,
	"bit_and": same, "bit_or": same,
}

// aggregateNames are those of portable that stand in a window too.
var aggregateNames = map[string]bool{
	"count": true, "count_star": true, "sum": true, "min": true, "max": true, "avg": true, "bool_and": true, "bool_or": true, "string_agg": true, "array_agg": true, "stddev": true,
	"stddev_samp": true, "stddev_pop": true, "variance": true, "var_samp": true, "var_pop": true, "corr": true, "covar_pop": true, "covar_samp": true,
}

// windows are the functions that number and look around, equal on both.
var windows = map[string]bool{
	"row_number": true, "rank": true, "dense_rank": true, "percent_rank": true, "cume_dist": true, "ntile": true, "lag": true, "lead": true,
	"first_value": true, "last_value": true, "nth_value": true,
}

// synonyms are names that a bound plan has for those in the text.
var synonyms = map[string]string{"substr": "substring", "substring": "substr", "ceiling": "ceil", "mod": "%", "pow": "power", "^": "pow", "regexp_full_match": "~", "~": "regexp_full_match", "stddev": "stddev_samp", "variance": "var_samp", "char_length": "length", "power": "pow"}

func concatenates(l *lint, u use) {
	for i := range u.call.arguments {
		switch id := u.kind(i); {
		case isReal(id):
			l.differs(floatText, u.at, "a float as a text is 1.0 in DuckDB and 1 in PostgreSQL", "cast it to decimal first")
		case id == "BOOLEAN":
			l.differs(booleanText, u.at, "a boolean as a text is true in DuckDB and t in PostgreSQL", "cast it: x::varchar")
		}
	}
}

func likes(l *lint, u use) {
	if p, ok := u.literal(1); !ok && !isNull(u.argument(1)) || strings.Contains(p, `\`) {
		l.differs(escape, u.at, "a backslash in a pattern of LIKE is a character in DuckDB and hides the next one in PostgreSQL", `like 'a!%' escape '!'`)
	}
}

func reverses(l *lint, u use) {
	l.differs(accents, u.at, "reverse keeps letters and their accents together in DuckDB", "avoid it")
}

func isNull(v value) bool { return v.get("value").get("is_null").yes() }

func splits(l *lint, u use) {
	positive(2)(l, u)
	if by, ok := u.literal(1); !ok || by == "" {
		l.differs(emptySplit, u.at, "split_part at an empty text differs", "a constant that is not empty")
	}
}

// positive is a rule for an argument that has to be 1 or more.
func positive(i int) rule {
	return func(l *lint, u use) {
		if n, ok := u.literal(i); !ok || n == "0" || n[0] == '-' {
			l.differs(belowOne, u.at, u.call.name+" counts otherwise from 0 and below", "a constant from 1")
		}
	}
}

// spellings are portable ways to say what DuckDB's own functions do.
var spellings = map[string]string{
	"//": "trunc(x::double precision / nullif(y, 0))::bigint", "**": "power(x, y)", "ifnull": "coalesce(x, y)", "if": "case when c then x else y end",
	"arg_max": "larder.last_by(value, by)", "max_by": "larder.last_by(value, by)", "arg_min": "larder.first_by(value, by)", "min_by": "larder.first_by(value, by)", "any_value": "min(x)", "first": "larder.first_by(value, by)", "last": "larder.last_by(value, by)",
	"median": "larder.median(x)", "quantile": "larder.percentile(x, share)", "mode": "rank the counts", "count_if": "count(*) filter (where x)", "list": "array_agg(x order by y)",
	"strftime": "larder.week_label(d), larder.month_label(d), or extract() and lpad()", "strptime": "larder.try_date(x), or make_date()", "date_diff": "to_day - from_day, larder.months_between(a, b), larder.cohort_month(a, b)", "datediff": "to_day - from_day, larder.months_between(a, b)",
	"date_add": "d + interval '1 month'", "date_sub": "larder.months_between(a, b)", "datesub": "larder.months_between(a, b)", "epoch": "extract(epoch from x)", "epoch_ms": "extract(epoch from x) * 1000", "last_day": "larder.month_end(d)",
	"year": "extract(year from d)", "month": "extract(month from d)", "day": "extract(day from d)", "quarter": "extract(quarter from d)", "week": "extract(week from d)", "dayofweek": "extract(dow from d)", "isodow": "extract(isodow from d)",
	"weekday": "larder.weekday(d)", "yearweek": "larder.week_label(d)", "dayname": "case larder.weekday(d) when 1 then 'Monday' ... end", "monthname": "case extract(month from d) when 1 then 'January' ... end", "hour": "extract(hour from t)",
	"time_bucket": "date_trunc('hour', t)", "regexp_matches": "x ~ '^.*pattern.*$'", "regexp_extract": "regexp_replace(x, '^.*(pattern).*$', '\\1')", "contains": "strpos(x, y) > 0", "prefix": "starts_with(x, y)", "suffix": "right(x, length(y)) = y",
	"instr": "strpos(x, y)", "len": "length(x)", "strlen": "length(x)", "string_split": "split_part(x, ',', 1)", "str_split": "split_part(x, ',', 1)", "hash": "md5(x), larder.hash_bucket(x, n)", "list_contains": "x = any(list)", "list_aggregate": "unnest and aggregate",
	"struct_pack": "keep the fields as columns", "row": "keep the fields as columns", "map": "a dataset of keys and values", "list_transform": "unnest and aggregate", "list_filter": "unnest and filter", "range": "generate_series(0, n - 1)", "xor": "(x & ~y) | (~x & y)",
	"isnan": "x = 'NaN'", "log2": "ln(x) / ln(2)", "log": "ln(x) / ln(10)", "format": "x || y", "printf": "x || y", "~~~": "x like 'a%'", "make_timestamp": "cast a text", "age": "larder.months_between(a, b), larder.age_years(born, d)", "current_date": "($now)::date",
}
