package library

import (
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/larder-data/larder/internal/table"
)

// letters are the capitals whose small letter is one character and back, in
// the scripts of Europe. PostgreSQL's own upper and lower depend on the
// database's locale, so the letters are listed.
var letters = sync.OnceValues(func() (upper, lower string) {
	var u, l strings.Builder
	for r := rune('A'); r <= 'ῼ'; r++ {
		if small := unicode.ToLower(r); small != r && unicode.IsUpper(r) && unicode.ToUpper(small) == r && utf8.RuneLen(r) == utf8.RuneLen(small) {
			u.WriteRune(r)
			l.WriteRune(small)
		}
	}
	return u.String(), l.String()
})

func lowered(x string) string {
	upper, lower := letters()
	return "translate(" + x + ", " + table.Literal(upper) + ", " + table.Literal(lower) + ")"
}

func uppered(x string) string {
	upper, lower := letters()
	return "translate(" + x + ", " + table.Literal(lower) + ", " + table.Literal(upper) + ")"
}

// blanks are what counts as white space: the engines' own ideas differ.
const blanks = " \t\n\v\f\r\u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u200b\u2028\u2029\u202f\u205f\u3000\ufeff"

func squeezed(x string) string {
	return "regexp_replace(regexp_replace(" + x + ", '[" + blanks + "]+', ' ', 'g'), '^ | $', '', 'g')"
}

func without(x, class string) string { return "regexp_replace(" + x + ", '[" + class + "]+', '', 'g')" }

var text = []Param{{"x", "varchar"}}

func texts() []Function {
	words := lowered("x")
	return grouped("Texts", "varchar", append([]Function{
		{
			Name: "lower_text", Params: text, both: lowered("x"),
			Doc: "x in small letters: Latin, Greek and Cyrillic ones, whatever the database's locale.", Example: "larder.lower_text('ÉCLAIR')", Gives: "éclair",
		},
		{
			Name: "upper_text", Params: text, both: uppered("x"),
			Doc: "x in capitals, letter by letter: ß stays ß.", Example: "larder.upper_text('straße')", Gives: "STRAßE",
		},
		{
			Name: "title_text", Params: text,
			duckdb:   "array_to_string(list_transform(string_split(" + words + ", ' '), lambda w: " + uppered("w[1]") + " || substr(w, 2)), ' ')",
			postgres: "case when x is not null then coalesce((select string_agg(" + uppered("left(w, 1)") + " || substr(w, 2), ' ' order by i) from unnest(string_to_array(" + words + ", ' ')) with ordinality as t(w, i)), '') end",
			Doc:      "x with a capital at the start of every word and small letters else; words are parted by spaces.", Example: "larder.title_text('MARY o''neil')", Gives: "Mary O'neil",
		},
		{
			Name: "squeeze", Params: text, both: squeezed("x"),
			Doc: "x without white space at its ends, and with one space for any run of it inside. No-break and zero-width spaces are white space.", Example: "larder.squeeze('  a   b ')", Gives: "a b",
		},
		{
			Name: "blank_to_null", Params: text, both: "case when " + without("x", blanks) + " <> '' then x end",
			Doc: "x, or NULL when there is nothing but white space in it.", Example: "larder.blank_to_null(' ')", Gives: "",
		},
		{
			Name: "digits_only", Params: text, both: without("x", "^0-9"),
			Doc: "The digits 0 to 9 of x.", Example: "larder.digits_only('GB 123-45')", Gives: "12345",
		},
	}, tidied()...))
}

// tidied are the functions that bring what people typed into one form.
func tidied() []Function {
	email := lowered(without("x", blanks))
	sku := uppered(without("x", blanks))
	typed := "replace(" + without("x", blanks) + ", '(0)', '')"
	digits := without(typed, "^0-9")
	phone := "case when " + typed + " ~ '^[+].*$' then '+' || " + digits + " when " + digits + " ~ '^00.*$' then '+' || substr(" + digits + ", 3) " +
		"when " + digits + " ~ '^0.*$' then '+' || country_code || substr(" + digits + ", 2) else '+' || country_code || " + digits + " end"
	return []Function{
		{
			Name: "normal_email", Params: text,
			both: "case when " + without("x", blanks) + " ~ '^[^@]+@[^@]+[.][^@.]+$' then " + email + " end",
			Doc:  "An e-mail address in small letters and without white space, for joining; NULL when it is none (one @, a dot behind it).", Example: "larder.normal_email(' Ada@Example.COM ')", Gives: "ada@example.com",
		},
		{
			Name: "normal_phone", Params: with(text, Param{"country_code", "varchar"}),
			both: "case when country_code ~ '^[1-9][0-9]{0,2}$' and (" + phone + ") ~ '^[+][1-9][0-9]{6,14}$' then " + phone + " end",
			Doc:  "A telephone number as + and digits (E.164): 00 becomes +, a leading 0 the country's code (written without +). NULL when it has not 7 to 15 digits.", Example: "larder.normal_phone('020 7946 0018', '44')", Gives: "+442079460018",
		},
		{
			Name: "normal_sku", Params: text, both: "case when " + without("x", blanks) + " <> '' then " + sku + " end",
			Doc: "An article number in capitals and without white space; NULL when nothing is left.", Example: "larder.normal_sku(' ab 12-x ')", Gives: "AB12-X",
		},
		{
			Name: "try_decimal", Returns: "decimal", Params: text,
			duckdb:   "case when x ~ '^[+-]?[0-9]{1,17}([.][0-9]{0,10})?$' then x::decimal(27,10) end",
			postgres: "case when x ~ '^[+-]?[0-9]{1,17}([.][0-9]{0,10})?$' then x::numeric(27,10) end",
			Doc:      "The number a text is, exact; NULL when it is none (digits with a point, a sign before them), or longer than 17 digits and 10 behind the point.", Example: "larder.try_decimal('12.50')", Gives: "12.5000000000",
		},
		{
			Name: "try_bigint", Returns: "bigint", Params: text, both: "case when x ~ '^[+-]?[0-9]{1,18}$' then x::bigint end",
			Doc: "The whole number a text is; NULL when it is none, or longer than 18 digits.", Example: "larder.try_bigint('0042')", Gives: "42",
		},
		{
			Name: "try_date", Returns: "date", Params: text,
			both: "case when x ~ '^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$' and substr(x, 1, 4) <> '0000' then " +
				"case when substr(x, 9, 2)::integer <= extract(day from larder.month_end(make_date(substr(x, 1, 4)::integer, substr(x, 6, 2)::integer, 1))) then " +
				"make_date(substr(x, 1, 4)::integer, substr(x, 6, 2)::integer, substr(x, 9, 2)::integer) end end",
			Doc: "The day a text is, written 2024-12-31; NULL when it is none.", Example: "larder.try_date('2024-02-30')", Gives: "",
		},
	}
}
