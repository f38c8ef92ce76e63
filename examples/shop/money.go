package shop

import "strconv"

// divide returns a/b rounded half away from zero; b is positive. It is the one
// rounding rule of the shop, and the one a cast to DECIMAL follows.
func divide(a, b int64) int64 {
	if a < 0 {
		return -((-a + b/2) / b)
	}
	return (a + b/2) / b
}

// allocate splits total over weights in proportion, so that the parts sum to
// the total: each part is the difference of two rounded running sums. Weights
// are not negative; with none above zero every part is zero.
func allocate(total int64, weights []int64) []int64 {
	parts := make([]int64, len(weights))
	var all int64
	for _, w := range weights {
		all += w
	}
	if all == 0 {
		return parts
	}
	var seen, given int64
	for i, w := range weights {
		seen += w
		upTo := divide(total*seen, all)
		parts[i], given = upTo-given, upTo
	}
	return parts
}

// Money writes minor units as people read them: 123456 is "1234.56".
func Money(minor int64) string { return string(appendMoney(nil, minor, '.')) }

func appendMoney(buf []byte, minor int64, point byte) []byte {
	if minor < 0 {
		buf = append(buf, '-')
		minor = -minor
	}
	buf = strconv.AppendInt(buf, minor/100, 10)
	return append(buf, point, byte('0'+minor%100/10), byte('0'+minor%10))
}
