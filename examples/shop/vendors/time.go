package vendors

import (
	"time"

	"github.com/larder-data/larder/internal/fault"
)

// zone is where the shop's business days are counted. Package shop embeds the
// time zones, so that it is always known.
func zone() (*time.Location, error) {
	london, err := time.LoadLocation("Europe/London")
	if err != nil {
		return nil, fault.New(fault.Internal, "the time zones: %w", err)
	}
	return london, nil
}

// calendar tells the business day of an instant.
type calendar struct{ zone *time.Location }

// day returns the day in London of "2025-07-01T23:30:00Z", "2025-07-02".
func (c calendar) day(at string) string {
	instant, err := time.Parse(time.RFC3339, at)
	if err != nil { // a date alone is its own day
		return at
	}
	return instant.In(c.zone).Format(time.DateOnly)
}

// after returns an instant so many seconds later.
func after(at string, seconds int64) string {
	instant, err := time.Parse(time.RFC3339, at)
	if err != nil {
		return at
	}
	return instant.Add(time.Duration(seconds) * time.Second).UTC().Format(time.RFC3339)
}

// midnight is how lists place what has a date and no time.
func midnight(day string) string { return day + "T00:00:00Z" }

// instant reads a client's time, "2025-01-03T14:00:00+01:00" or a date, into
// the form records have. All of theirs are whole seconds, so that a fraction
// is rounded up without changing what is before it and what is not.
func instant(said string) (string, bool) {
	t, err := time.Parse(time.RFC3339Nano, said)
	if err != nil {
		if t, err = time.Parse(time.DateOnly, said); err != nil {
			return "", false
		}
	}
	if t.Nanosecond() > 0 {
		t = t.Truncate(time.Second).Add(time.Second)
	}
	return t.UTC().Format(time.RFC3339), true
}

// age is how many days one day lies before another.
func age(day, today string) int {
	a, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return 0
	}
	b, err := time.Parse(time.DateOnly, today)
	if err != nil {
		return 0
	}
	return int(b.Sub(a) / (24 * time.Hour))
}
