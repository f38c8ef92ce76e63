package project

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/larder-data/larder/internal/fault"
)

const unitDay = 24 * time.Hour

var durationUnits = []struct {
	name string
	size time.Duration
}{
	{"week", 7 * unitDay},
	{"day", unitDay},
	{"hour", time.Hour},
	{"minute", time.Minute},
	{"second", time.Second},
}

// ParseDuration reads a length of time as people write it: "15 minutes",
// "1 hour", "3 days", "2 weeks", or several of them: "1 day 6 hours". A day is
// 24 hours here. The result is more than zero.
func ParseDuration(text string) (time.Duration, error) {
	words := strings.Fields(text)
	var total time.Duration
	for i := 0; i+1 < len(words); i += 2 {
		count, err := strconv.ParseFloat(words[i], 64)
		size, known := unitSize(words[i+1])
		if err != nil || !known || math.IsNaN(count) || count < 0 || count*float64(size)+float64(total) > math.MaxInt64/2 {
			return 0, badDuration(text)
		}
		total += time.Duration(math.Round(count * float64(size)))
	}
	if len(words) == 0 || len(words)%2 != 0 || total <= 0 {
		return 0, badDuration(text)
	}
	return total, nil
}

func badDuration(text string) error {
	return fault.New(fault.Invalid, "want a length of time such as 15 minutes, 1 hour or 3 days, not %q", text)
}

func unitSize(word string) (time.Duration, bool) {
	for _, unit := range durationUnits {
		if strings.TrimSuffix(strings.ToLower(word), "s") == unit.name {
			return unit.size, true
		}
	}
	return 0, false
}

// FormatDuration writes a length of time so that ParseDuration reads it back:
// whole units, the largest first.
func FormatDuration(length time.Duration) string {
	var parts []string
	for _, unit := range durationUnits[1:] {
		count := length / unit.size
		length -= count * unit.size
		switch {
		case unit.size == time.Second && length > 0:
			parts = append(parts, strconv.FormatFloat(float64(count)+length.Seconds(), 'f', -1, 64)+" seconds")
		case count == 1:
			parts = append(parts, "1 "+unit.name)
		case count > 1:
			parts = append(parts, fmt.Sprintf("%d %ss", count, unit.name))
		}
	}
	return strings.Join(parts, " ")
}
