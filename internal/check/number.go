package check

import (
	"math"
	"math/big"
	"strconv"
	"strings"

	"github.com/cockroachdb/apd/v3"

	"github.com/larder-data/larder/internal/fault"
)

// exact is wide enough for any product of two DECIMAL(38).
var exact = apd.BaseContext.WithPrecision(120)

// number returns a measured value without loss. Anything that is no finite
// number is an error; nil is the caller's to judge.
func number(value any) (*apd.Decimal, error) {
	switch v := value.(type) {
	case int64:
		return apd.New(v, 0), nil
	case *big.Int:
		return apd.NewWithBigInt(new(apd.BigInt).SetMathBigInt(v), 0), nil
	case *apd.Decimal:
		return v, nil
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil, fault.New(fault.Invalid, "the value is %v, which is no number", v)
		}
		return parseNumber(strconv.FormatFloat(v, 'g', -1, 64))
	default:
		return nil, fault.New(fault.Invalid, "the value is not a number")
	}
}

// parseNumber reads an exact number as a file writes it.
func parseNumber(text string) (*apd.Decimal, error) {
	d, _, err := apd.NewFromString(strings.ReplaceAll(strings.TrimSpace(text), "_", ""))
	if err != nil || d.Form != apd.Finite {
		return nil, fault.New(fault.Invalid, "%q is not a number", text)
	}
	return d, nil
}

// whole returns a count of rows.
func whole(value any) int64 {
	if d, err := number(value); err == nil {
		if n, err := d.Int64(); err == nil {
			return n
		}
	}
	return 0
}

func float(d *apd.Decimal) float64 {
	f, err := d.Float64()
	if err != nil {
		return math.Copysign(math.MaxFloat64, float64(d.Sign()))
	}
	return f
}

// grouped writes a number for a person: 1204.5 is 1,204.5.
func grouped(plain string) string {
	body, negative := strings.CutPrefix(plain, "-")
	integer, fraction, hasFraction := strings.Cut(body, ".")
	if strings.Trim(integer, "0123456789") != "" {
		return plain
	}
	for i := len(integer) - 3; i > 0; i -= 3 {
		integer = integer[:i] + "," + integer[i:]
	}
	if negative {
		integer = "-" + integer
	}
	if hasFraction {
		integer += "." + fraction
	}
	return integer
}

func people(d *apd.Decimal) string { return grouped(d.Text('f')) }

func peopleInt(n int64) string { return grouped(strconv.FormatInt(n, 10)) }

func peopleFloat(f float64) string { return grouped(strconv.FormatFloat(f, 'f', 2, 64)) }
