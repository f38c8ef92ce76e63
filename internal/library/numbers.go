package library

func anys(names ...string) []Param {
	var out []Param
	for _, name := range names {
		out = append(out, Param{name, "any"})
	}
	return out
}

func numbers() []Function {
	return grouped("Numbers", "any", []Function{
		{
			Name: "safe_divide", Returns: "double", Params: []Param{{"a", "double"}, {"b", "double"}},
			both:    "case when b = 0 then null else a / b end",
			Doc:     "a / b as a float, NULL when b is zero. For ratios and rates; for money use divide. Results beyond what a double holds are an error on PostgreSQL and infinite on DuckDB.",
			Example: "larder.safe_divide(1, 4)", Gives: "0.25",
		},
		{
			Name: "clamp", Params: anys("x", "low", "high"),
			both:    "case when x < low then low when x > high then high else x end",
			Doc:     "x, but not below low and not above high. A NULL bound does not bound.",
			Example: "larder.clamp(120, 0, 100)", Gives: "100",
		},
		{
			Name: "greatest_or_null", Params: anys("a", "b"),
			both:    "case when a is null or b is null then null when a >= b then a else b end",
			Doc:     "The greater of two, NULL when either is. The built-in greatest ignores NULLs.",
			Example: "larder.greatest_or_null(1, 2)", Gives: "2",
		},
		{
			Name: "least_or_null", Params: anys("a", "b"),
			both:    "case when a is null or b is null then null when a <= b then a else b end",
			Doc:     "The smaller of two, NULL when either is. The built-in least ignores NULLs.",
			Example: "larder.least_or_null(1, 2)", Gives: "1",
		},
	})
}
