package engine

import (
	"context"
	"strconv"
	"strings"
)

// Historian is the extra power to keep the tables a publish replaces; see
// Publication.Keep and PastOf.
type Historian interface {
	// Past returns the versions kept of a published table that are older than
	// the current one, newest first; none when it is not published. What they
	// hold is read from PastOf. An engine may keep a copy of the current
	// version too: it is not among them.
	Past(ctx context.Context, target Relation) ([]int64, error)
}

// pastMark stands in the name of a version that is kept, between the dataset's
// name and the version's number. No run's name is a v and a number.
const pastMark = stagingMark + "v"

// longestVersion is how many digits a version's number may have: names are cut
// alike for all versions of a dataset.
const longestVersion = 19

// PastOf names where an earlier version of a target is kept: in its schema,
// where a rename can reach it. A name that could be longer than longest bytes
// is cut and told apart by a hash; 0 is no limit.
func PastOf(target Relation, version int64, longest int) Relation {
	stem := fitting(target.Name, longest, len(pastMark)+longestVersion)
	return Relation{Schema: target.Schema, Name: stem + pastMark + strconv.FormatInt(version, 10)}
}

// PastBy takes the name of a kept version apart: what it has in common with
// all others of its target, and its number. It is false for other names.
func PastBy(name string) (stem string, version int64, ok bool) {
	stem, digits, ok := strings.Cut(name, pastMark)
	if !ok {
		return "", 0, false
	}
	number, err := strconv.ParseUint(digits, 10, 63)
	return stem, int64(number), err == nil
}
