package vendors

import (
	"strconv"
	"strings"

	"github.com/larder-data/larder/examples/shop"
)

// minor reads an amount, "12.50" or the 1250 of a whole number of pence, into
// minor units. The simulator writes two digits behind the point or none.
func minor(amount string) int64 {
	n, err := strconv.ParseInt(strings.Replace(amount, ".", "", 1), 10, 64)
	if err != nil {
		panic("the simulator wrote an amount nobody can read: " + amount) //nolint:forbidigo // a defect of the program
	}
	return n
}

// major writes whole minor units, "1250", as major ones, "12.50".
func major(amount string) string { return shop.Money(minor(amount)) }

// share is a number's part in thousandths, rounded half up.
func share(n int64, permille uint64) int64 { return (n*int64(permille) + 500) / 1000 }
