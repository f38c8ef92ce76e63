package fault

import "strings"

// Nearest returns the candidate closest to name by Damerau-Levenshtein
// distance (optimal string alignment), ignoring case, and false when none is
// close enough to be worth suggesting: more than a third of the name's length
// away, at least two edits allowed.
func Nearest(name string, candidates []string) (string, bool) {
	allowed := max(2, len(name)/3)
	best, found := "", false
	for _, c := range candidates {
		if d := distance(strings.ToLower(name), strings.ToLower(c)); d <= allowed && d < max(len(name), len(c)) {
			best, allowed, found = c, d-1, true
		}
	}
	return best, found
}

// distance counts insertions, deletions, substitutions and swaps of
// neighbours between a and b.
func distance(a, b string) int {
	s, t := []rune(a), []rune(b)
	before, previous := make([]int, len(t)+1), make([]int, len(t)+1)
	for j := range previous {
		previous[j] = j
	}
	for i := 1; i <= len(s); i++ {
		current := make([]int, len(t)+1)
		current[0] = i
		for j := 1; j <= len(t); j++ {
			cost := 1
			if s[i-1] == t[j-1] {
				cost = 0
			}
			current[j] = min(previous[j]+1, current[j-1]+1, previous[j-1]+cost)
			if i > 1 && j > 1 && s[i-1] == t[j-2] && s[i-2] == t[j-1] {
				current[j] = min(current[j], before[j-2]+1)
			}
		}
		before, previous = previous, current
	}
	return previous[len(t)]
}

// DidYouMean returns a hint with the nearest candidate, or all of them when
// they are few, or "" when nothing helps.
func DidYouMean(name string, candidates []string) string {
	if c, ok := Nearest(name, candidates); ok {
		return "did you mean " + c + "?"
	}
	if len(candidates) > 0 && len(candidates) <= 12 {
		return "known: " + strings.Join(candidates, ", ")
	}
	return ""
}
