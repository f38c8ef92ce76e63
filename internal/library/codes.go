package library

import "strings"

// digitSum is the sum of a text's digits: each becomes as many strokes as it
// counts, and the strokes are counted.
func digitSum(x string) string {
	x = "replace(" + x + ", '0', '')"
	for d := '1'; d <= '9'; d++ {
		x = "replace(" + x + ", '" + string(d) + "', '" + strings.Repeat("x", int(d-'0')) + "')"
	}
	return "length(" + x + ")"
}

// odd and even are every second digit of a text.
func odd(x string) string  { return "regexp_replace(" + x + ", '(.)(.)', '\\1', 'g')" }
func even(x string) string { return "regexp_replace(" + x + ", '(.)(.)', '\\2', 'g')" }

func key(names ...string) Function {
	var params []Param
	var parts []string
	for _, name := range names {
		params = append(params, Param{name, "varchar"})
		parts = append(parts, "coalesce(length("+name+")::varchar || ':' || "+name+", '-')")
	}
	return Function{
		Name: "hash_key", Params: params, Returns: "varchar", both: "md5(" + strings.Join(parts, " || ") + ")",
		Doc: "A key made of several texts, as 32 hexadecimal digits: different parts give different keys, where ('ab', 'c') and ('a', 'bc') are different and so are NULL and ''.",
	}
}

func codes() []Function {
	two := key("a", "b")
	two.Example, two.Gives = "larder.hash_key('ab', 'c')", "56881f02774bf192b185174ec9fa299c"
	three := key("a", "b", "c")
	three.Example, three.Gives = "larder.hash_key('a', null, '')", "2f5a1dea6b1e04f2931f53d8a397060c"
	padded := "lpad(x, 20, '0')"
	luhn := digitSum("translate("+odd(padded)+", '0123456789', '0246813579') || "+even(padded)) + " % 10 = 0"
	weighed := func(x string) string { return "(" + digitSum(odd(x)) + " * 3 + " + digitSum(even(x)) + ")" }
	return grouped("Codes", "varchar", []Function{
		{
			Name: "hash_text", Params: text, both: "md5(x)",
			Doc: "The MD5 of a text in UTF-8, as 32 hexadecimal digits; not for secrets.", Example: "larder.hash_text('larder')", Gives: "000f9153a448879ce03f7b8d28a15cc0",
		},
		two, three,
		{
			Name: "hash_bucket", Returns: "integer", Params: with(text, Param{"buckets", "integer"}),
			duckdb:   "case when buckets > 0 then ('0x' || substr(md5(x), 1, 8))::bigint % buckets end",
			postgres: "case when buckets > 0 then ('x' || substr(md5(x), 1, 8))::bit(32)::bigint & 4294967295 end % buckets",
			Doc:      "One of so many buckets, from 0, always the same for the same text: for samples and for splitting customers in groups. NULL when there is no bucket.", Example: "larder.hash_bucket('customer 1', 100)", Gives: "52",
		},
		{
			Name: "luhn_valid", Returns: "boolean", Params: text,
			both: "case when x ~ '^[0-9]{2,19}$' then " + luhn + " when x is not null then false end",
			Doc:  "Whether the last of 2 to 19 digits is their check digit by Luhn's formula (ISO/IEC 7812: cards, gift cards, IMEI).", Example: "larder.luhn_valid('4111111111111111')", Gives: "true",
		},
		{
			Name: "gtin_valid", Returns: "boolean", Params: text,
			both: "case when x ~ '^([0-9]{8}|[0-9]{12}|[0-9]{13}|[0-9]{14})$' then " + weighed("lpad(x, 14, '0')") + " % 10 = 0 when x is not null then false end",
			Doc:  "Whether a text is an article number with a right check digit: EAN-8, UPC-A, EAN-13 or GTIN-14 (GS1).", Example: "larder.gtin_valid('4006381333931')", Gives: "true",
		},
		{
			Name: "gtin_check_digit", Returns: "integer", Params: text,
			both: "case when x ~ '^([0-9]{7}|[0-9]{11}|[0-9]{12}|[0-9]{13})$' then (10 - " + weighed("(lpad(x, 13, '0') || '0')") + " % 10) % 10 end",
			Doc:  "The check digit that completes 7, 11, 12 or 13 digits to an article number (GS1); NULL for anything else.", Example: "larder.gtin_check_digit('400638133393')", Gives: "1",
		},
	})
}
