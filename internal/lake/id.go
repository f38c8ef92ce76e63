package lake

import (
	"fmt"
	"strings"
)

// LoadID names a load so that ids sort by sequence, whatever the clock says:
// the sequence in ten digits and the beginning of the content's hash.
func LoadID(sequence int64, hash string) string {
	_, digits, found := strings.Cut(hash, ":")
	if !found {
		digits = hash
	}
	return fmt.Sprintf("%010d-%.8s", sequence, digits)
}

// NextSequence returns the sequence of the load after all of these.
func NextSequence(loads []Manifest) int64 {
	next := int64(1)
	for _, m := range loads {
		next = max(next, m.Sequence+1)
	}
	return next
}
