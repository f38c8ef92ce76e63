package project

import (
	"math"
	"strconv"
	"strings"
)

// ParseSize reads a number of bytes such as 500 MB, 2 GB or 1048576. Units
// count by 1,000.
func ParseSize(written string) (int64, bool) {
	number := strings.TrimSpace(written)
	unit := 1.0
	for name, bytes := range map[string]float64{"kB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12} {
		if rest, ok := strings.CutSuffix(strings.ToUpper(number), strings.ToUpper(name)); ok {
			number, unit = strings.TrimSpace(rest), bytes
			break
		}
	}
	size, err := strconv.ParseFloat(number, 64)
	if err != nil || math.IsNaN(size) || size < 0 || size*unit >= math.MaxInt64 {
		return 0, false
	}
	return int64(size * unit), true
}
