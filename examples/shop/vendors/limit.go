package vendors

import "time"

// rates are how many requests a second each vendor answers; what is not named
// has no limit.
var rates = map[Service]int{Shop: 2, Ads: 5, Payments: 10, Carrier: 5}

// limited notes a request and returns how long its sender has to wait, 0 when
// it may pass: in no second are there more than the vendor's rate. Refused ones
// do not count.
func (w *World) limited(s Service) time.Duration {
	rate := rates[s]
	if !w.options.Limits || rate == 0 {
		return 0
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	now, recent := w.nowLocked(), w.recent[s]
	if len(recent) == rate {
		if wait := time.Second - now.Sub(recent[0]); wait > 0 {
			return wait
		}
		recent = recent[1:]
	}
	w.recent[s] = append(recent, now)
	return 0
}
