package table

import "slices"

var signed = []Kind{TinyInt, SmallInt, Integer, BigInt, HugeInt}

var unsigned = []Kind{UTinyInt, USmallInt, UInteger, UBigInt, UHugeInt}

// Widens reports whether every whole number of the type from is one of to, and
// to has more.
func Widens(from, to Type) bool {
	s, t := slices.Index(signed, from.Kind), slices.Index(signed, to.Kind)
	u, v := slices.Index(unsigned, from.Kind), slices.Index(unsigned, to.Kind)
	switch {
	case s >= 0 && t >= 0:
		return t > s
	case u >= 0 && v >= 0:
		return v > u
	default: // an unsigned number needs the next larger signed type
		return u >= 0 && t > u
	}
}

// digits are how many digits the whole numbers of a kind may have.
var digits = map[Kind]int{
	TinyInt: 3, SmallInt: 5, Integer: 10, BigInt: 19, UTinyInt: 3, USmallInt: 5, UInteger: 10, UBigInt: 20,
}

// Join returns a type that holds every value of both exactly: the wider of two
// whole numbers, a decimal for whole numbers and decimals as far as its 38 digits
// reach, text for everything else. A NULL joins everything.
func Join(a, b Type) Type {
	switch {
	case a == b, b.Kind == Unknown, Widens(b, a):
		return a
	case a.Kind == Unknown, Widens(a, b):
		return b
	}
	x, y := asDecimal(a), asDecimal(b)
	whole, scale := max(x.Precision-x.Scale, y.Precision-y.Scale), max(x.Scale, y.Scale)
	if x.Kind == Decimal && y.Kind == Decimal && whole+scale <= 38 {
		return Type{Kind: Decimal, Precision: whole + scale, Scale: scale}
	}
	return Type{Kind: Varchar}
}

// asDecimal is the decimal that holds a number's values, or the type itself.
func asDecimal(of Type) Type {
	if n := digits[of.Kind]; n > 0 {
		return Type{Kind: Decimal, Precision: n}
	}
	return of
}
