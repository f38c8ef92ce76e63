package check

import (
	"math"
	"slices"
	"time"
)

// fewestDays is the shortest baseline a deviation may ask for.
const fewestDays = 7

// daily is one day's value of a series.
type daily struct {
	day   time.Time // midnight UTC
	value float64
}

// usual is what a baseline says of the day that follows it.
type usual struct {
	days       int     // days with a value in the baseline
	mean, sd   float64 // plain, of those values
	low, high  float64 // mean -/+ K sd, as the rule promises
	learning   bool    // too few days to say anything
	baseline   []daily
	adjusted   []float64 // baseline values with their weekday's habit taken out
	center     float64   // median of adjusted
	factor     float64   // of the tested day's weekday
	multiplier float64   // standard deviations that make a day outlying
}

// enough is how many days with values a baseline of so many calendar days
// needs: half of them, 5 at the least and 28 at the most.
func enough(days int) int { return min(max(days/2, 5), 28) }

// expectation describes a baseline for testing the given day. Only values of
// the `days` days before the tested day enter; the tested value cannot. Family
// is how many segments are tested together.
//
// A day is outlying when it is more than K standard deviations from its usual
// by each of four measures, all on the same side:
//
//  1. the plain one: sample mean and standard deviation (n-1) of the days' values;
//  2. the same after each weekday's habit is taken out (from 20 days on), so that a
//     quiet Sunday is held against Sundays;
//  3. the same on logarithms when all values are positive, since sums of sales
//     are skewed and one large order is no fault;
//  4. median and 1.4826 x MAD in place of mean and standard deviation
//     (Iglewicz & Hoaglin 1993, How to Detect and Handle Outliers; Leys et al.
//     2013, J. Exp. Soc. Psych. 49:764), so that an earlier outlier does not hide
//     or create the next.
//
// K is widened to a prediction limit for one future value of n observed ones,
// t(n-1) x sqrt(1 + 1/n) at the same probability (Hahn & Meeker 1991,
// Statistical Intervals, 4.8), and by Sidak's correction to keep the chance of a
// false alarm the same for a whole family of segments (Sidak 1967). So "within
// K stddev" never fails; beyond it, what is ordinary for skewed, weekly or short
// series does not either. A scale below 4 % of the median counts as 4 %.
//
// A value of zero is outlying too when the baseline has none and lies 2 standard
// deviations away from zero, by mean and standard deviation or by median and MAD:
// half the days of a shop that closes on Sundays can have a mean within 2.5 of
// zero, one large order can put it there, and nothing at all would pass.
func expectation(series []daily, day time.Time, k float64, days, family int) usual {
	u := usual{factor: 1}
	first := day.AddDate(0, 0, -days)
	for _, d := range series {
		if d.day.Before(day) && !d.day.Before(first) {
			u.baseline = append(u.baseline, d)
		}
	}
	u.days = len(u.baseline)
	if u.days < enough(days) {
		u.learning = true
		return u
	}
	values := make([]float64, u.days)
	for i, d := range u.baseline {
		values[i] = d.value
	}
	u.mean, u.sd = meanAndDeviation(values)
	u.low, u.high = u.mean-k*u.sd, u.mean+k*u.sd
	u.multiplier = predictionFactor(k, u.days, family)
	habits := weekdayFactors(u.baseline, median(values))
	u.factor = habits[day.Weekday()]
	for _, d := range u.baseline {
		u.adjusted = append(u.adjusted, d.value/habits[d.day.Weekday()])
	}
	u.center = median(u.adjusted)
	return u
}

// test judges a value against the expectation and returns how far beyond its
// limits it is: above 1 is outlying, signed by direction.
func (u usual) test(x float64) (beyond float64, outlying bool) {
	if u.learning {
		return 0, false
	}
	values := make([]float64, u.days)
	positive := true
	for i, d := range u.baseline {
		values[i] = d.value
		positive = positive && d.value > 0
	}
	if x == 0 && positive && (u.mean >= 2*u.sd || robust(values, 0, 0) <= -2) {
		return -math.Inf(1), true
	}
	const tiny = 0.04
	floor := tiny * math.Abs(u.center)
	adjusted := x / u.factor
	scores := []float64{
		standard(values, x, floor),
		standard(u.adjusted, adjusted, floor),
	}
	if positive {
		logs := make([]float64, u.days)
		for i, v := range u.adjusted {
			logs[i] = math.Log(v)
		}
		at := math.Inf(-1)
		if adjusted > 0 {
			at = math.Log(adjusted)
		}
		scores = append(scores, standard(logs, at, tiny), robust(logs, at, tiny))
	} else {
		scores = append(scores, robust(u.adjusted, adjusted, floor))
	}
	least := math.Inf(1)
	for _, z := range scores {
		if (z > 0) != (scores[0] > 0) {
			return 0, false
		}
		least = min(least, math.Abs(z)/u.multiplier)
	}
	return math.Copysign(least, scores[0]), least > 1
}

// standard is the distance from the mean in standard deviations, the scale
// being at least floor. A constant series of zeros has no scale: any other
// value is infinitely far.
func standard(values []float64, x, floor float64) float64 {
	mean, sd := meanAndDeviation(values)
	return scaled(x-mean, max(sd, floor))
}

// robust is the distance from the median in 1.4826 median absolute deviations.
func robust(values []float64, x, floor float64) float64 {
	m := median(values)
	deviations := make([]float64, len(values))
	for i, v := range values {
		deviations[i] = math.Abs(v - m)
	}
	return scaled(x-m, max(1.4826*median(deviations), floor))
}

func scaled(distance, scale float64) float64 {
	if distance == 0 {
		return 0
	}
	return distance / max(scale, math.SmallestNonzeroFloat64)
}

// meanAndDeviation returns the sample mean and standard deviation (n-1).
func meanAndDeviation(values []float64) (mean, sd float64) {
	for _, v := range values {
		mean += v / float64(len(values))
	}
	if len(values) < 2 {
		return mean, 0
	}
	var squares float64
	for _, v := range values {
		squares += (v - mean) * (v - mean)
	}
	return mean, math.Sqrt(squares / float64(len(values)-1))
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[middle]
	}
	return (sorted[middle-1] + sorted[middle]) / 2
}

// weekdayFactors is each weekday's median relative to the whole's, drawn
// towards 1 while it rests on few days; all 1 for a baseline under 20 days or a
// series that is not positive.
func weekdayFactors(series []daily, center float64) [7]float64 {
	factors := [7]float64{1, 1, 1, 1, 1, 1, 1}
	if len(series) < 20 || center <= 0 {
		return factors
	}
	var byWeekday [7][]float64
	for _, d := range series {
		byWeekday[d.day.Weekday()] = append(byWeekday[d.day.Weekday()], d.value)
	}
	for i, values := range byWeekday {
		if len(values) < 2 {
			continue
		}
		if ratio := median(values) / center; ratio > 0 {
			n := float64(len(values))
			factors[i] = math.Exp(math.Log(ratio) * n / (n + 1))
		}
	}
	return factors
}
