package ingest

import (
	"strconv"
	"time"

	"github.com/zeebo/xxh3"

	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/lake"
)

// complete compares what the source said it has with what landed, and holds a
// load that is less or more. Rows in quarantine have arrived too.
func complete(m *lake.Manifest) error {
	if m.Completeness.By != lake.ByCount {
		return nil
	}
	m.Completeness.Got = strconv.FormatInt(m.Rows+m.Quarantined, 10)
	if m.Completeness.Said == m.Completeness.Got {
		return nil
	}
	return fault.New(fault.Held, "%s is not complete: the source says it has %s records, %s came", m.File, m.Completeness.Said, m.Completeness.Got).
		WithHint("nothing of it was loaded; the next run asks again")
}

// nameHash tells attempts of one name at different times apart.
func nameHash(name string, at time.Time) string {
	return "xxh3-128:" + strconv.FormatUint(xxh3.HashString(name+at.String()), 16)
}
