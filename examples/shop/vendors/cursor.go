package vendors

import (
	"encoding/base64"
	"slices"
	"strings"
)

// cursor is a place behind a record of a list that starts at an instant. It
// stays right while records are added, because it names no number.
type cursor struct{ since, at, id string }

// String writes the cursor as clients get it; they are not to look inside.
func (c cursor) String() string {
	return base64.RawURLEncoding.EncodeToString([]byte(c.since + "|" + c.at + "|" + c.id))
}

func parseCursor(said string) (cursor, bool) {
	plain, err := base64.RawURLEncoding.DecodeString(said)
	parts := strings.SplitN(string(plain), "|", 3)
	if err != nil || len(parts) != 3 {
		return cursor{}, false
	}
	return cursor{since: parts[0], at: parts[1], id: parts[2]}, true
}

// behind returns the place of the first record after the cursor.
func (c cursor) behind(all []record) int {
	n, found := slices.BinarySearchFunc(all, record{at: c.at, id: c.id}, inTime)
	if found {
		n++
	}
	return n
}
