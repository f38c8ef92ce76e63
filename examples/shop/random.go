package shop

import "math/rand/v2"

// random draws whole numbers only: floating point differs between processors,
// and the same seed has to give the same bytes everywhere.
type random struct{ source rand.PCG }

// newRandom returns the stream of numbers that belongs to one thing (an order,
// a member, a day of one system). Streams do not disturb one another, so what
// happens to one order never depends on how many others there are.
func newRandom(seed uint64, stream string, number int) *random {
	for _, c := range []byte(stream) {
		seed = scramble(seed ^ uint64(c))
	}
	r := &random{}
	r.source.Seed(scramble(seed), scramble(seed+uint64(number)))
	return r
}

// scramble is the finaliser of SplitMix64 (Steele, Lea, Flood 2014): it turns
// neighbouring seeds into unrelated ones.
func scramble(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// below returns 0 to n-1.
func (r *random) below(n int) int {
	return int(r.source.Uint64() % uint64(n))
}

// between returns low to high, both included.
func (r *random) between(low, high int) int { return low + r.below(high-low+1) }

// chance is true in that many of a thousand cases.
func (r *random) chance(permille int) bool { return r.below(1000) < permille }

// weighted returns an index, in proportion to the weights.
func (r *random) weighted(weights ...int) int {
	total := 0
	for _, w := range weights {
		total += w
	}
	n := r.below(total)
	for i, w := range weights {
		if n < w {
			return i
		}
		n -= w
	}
	return len(weights) - 1
}

// around turns an expected count in thousandths into a count: give or take a
// tenth, the rest of the division decided by chance.
func (r *random) around(thousandths int64) int {
	n := thousandths * int64(r.between(900, 1100)) / 1000
	count := int(n / 1000)
	if r.chance(int(n % 1000)) {
		count++
	}
	return count
}

// one returns one of the words.
func one[T any](r *random, words []T) T { return words[r.below(len(words))] }
