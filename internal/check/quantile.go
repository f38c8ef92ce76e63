package check

import "math"

// predictionFactor is how many standard deviations of n observed values one
// future value may be away, with the probability that K has for a normal
// distribution whose deviation is known, shared among family tests.
func predictionFactor(k float64, n, family int) float64 {
	tail := math.Erfc(k/math.Sqrt2) / 2
	if family > 1 {
		tail = -math.Expm1(math.Log1p(-2*tail)/float64(family)) / 2
	}
	return max(k, studentQuantile(max(tail, 1e-12), n-1)*math.Sqrt(1+1/float64(n)))
}

// studentQuantile returns the t that is exceeded with the probability tail,
// for whole degrees of freedom, by bisection.
func studentQuantile(tail float64, freedom int) float64 {
	low, high := 0.0, 1.0
	for studentTail(high, freedom) > tail && high < 1e9 {
		low, high = high, high*2
	}
	for range 60 {
		middle := (low + high) / 2
		if studentTail(middle, freedom) > tail {
			low = middle
		} else {
			high = middle
		}
	}
	return high
}

// studentTail is the probability that Student's t exceeds the value
// (Abramowitz & Stegun 1964, 26.7.3 and 26.7.4).
func studentTail(t float64, freedom int) float64 {
	angle := math.Atan(t / math.Sqrt(float64(freedom)))
	sin, cos := math.Sincos(angle)
	var inside float64
	if freedom%2 == 0 {
		term, sum := 1.0, 1.0
		for i := 2; i < freedom; i += 2 {
			term *= cos * cos * float64(i-1) / float64(i)
			sum += term
		}
		inside = sin * sum
	} else {
		term, sum := cos, 0.0
		if freedom > 1 {
			sum = cos
		}
		for i := 3; i < freedom; i += 2 {
			term *= cos * cos * float64(i-1) / float64(i)
			sum += term
		}
		inside = 2 / math.Pi * (angle + sin*sum)
	}
	return (1 - inside) / 2
}
