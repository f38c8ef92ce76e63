package compile

import (
	"maps"
	"slices"
)

// The differences between engines by name. A model's header accepts one with the
// reason why it does not matter there.
const (
	accents       = "accents"
	autumnHour    = "autumn_hour"
	bareDecimal   = "bare_decimal"
	belowOne      = "below_one"
	booleanText   = "boolean_text"
	datePart      = "date_part"
	dayTimestamp  = "day_timestamp"
	emptySplit    = "empty_split"
	escape        = "escape"
	floatDigits   = "float_digits"
	floatText     = "float_text"
	floatWidth    = "float_width"
	halfRounding  = "half_rounding"
	letters       = "letters"
	nullOrder     = "null_order"
	pattern       = "pattern"
	rowOrder      = "row_order"
	sessionZone   = "session_zone"
	spaces        = "spaces"
	textLength    = "text_length"
	textNumber    = "text_number"
	textOrder     = "text_order"
	timeOfDay     = "time_of_day"
	wholeDivision = "whole_division"
	zeroDivision  = "zero_division"
)

// accepting says when each difference does not matter.
var accepting = map[string]string{
	accents:       "the texts have no accents",
	autumnHour:    "nothing happens in the hour that comes twice, or nobody looks that closely",
	bareDecimal:   "the numbers have at most three digits behind the point",
	belowOne:      "the numbers are 1 and more",
	booleanText:   "nobody reads the text",
	datePart:      "the part is one both count alike",
	dayTimestamp:  "it is cast to a day afterwards",
	emptySplit:    "what the text is split at is never empty",
	escape:        "the pattern has no backslash",
	floatDigits:   "the last digits of a float do not matter",
	floatText:     "nobody compares the text",
	floatWidth:    "seven digits are enough",
	halfRounding:  "no value ends in .5",
	letters:       "the letters are plain ones, without ß",
	nullOrder:     "what is ordered is never NULL",
	pattern:       "the pattern means the same to both",
	rowOrder:      "any of the rows will do",
	sessionZone:   "the session runs in the project's time zone, which is meant",
	spaces:        "the texts have no other spaces than the plain one",
	textLength:    "no text is longer",
	textNumber:    "the texts are plain digits, or yes and no",
	textOrder:     "every language orders the texts alike, such as numbers of one length",
	timeOfDay:     "the times stay within a day",
	wholeDivision: "the quotient is whole",
	zeroDivision:  "the divisor is never 0",
}

// Rules are the names of the differences a model may accept, in order.
func Rules() []string { return slices.Sorted(maps.Keys(accepting)) }
