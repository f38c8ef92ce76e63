package vendors

import (
	"fmt"
	"net/http"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/larder-data/larder/examples/shop"
)

func cpu(t testing.TB) time.Duration {
	t.Helper()
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		t.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// all asks for everything there is, in pages as large as they come, and
// returns how many requests and bytes that took.
func (c *client) all(days int) (requests, bytes int) {
	c.t.Helper()
	take := func(path string) reply {
		r := c.good(path)
		requests, bytes = requests+1, bytes+len(r.body)
		return r
	}
	for list := range shopLists {
		for cursor := ""; ; {
			body := take("/shop/v1/" + list + "?limit=250" + cursor).body
			tail := body[max(0, len(body)-200):]
			next := nextCursor.FindSubmatch(tail)
			if next == nil {
				break
			}
			cursor = "&cursor=" + string(next[1])
		}
	}
	take("/ads/v1/spend?from=2025-01-01&to=2025-12-31&per_page=500")
	for path := "/payments/v1/transactions?limit=1000"; path != ""; {
		next := nextLink.FindStringSubmatch(take(path).header.Get("Link"))
		path = ""
		if next != nil {
			path = next[1]
		}
	}
	for week := range days/7 + 2 {
		from := time.Date(2025, 1, 1+7*week, 0, 0, 0, 0, time.UTC)
		take(fmt.Sprintf("/carrier/v1/events?received_from=%s&received_to=%s", from.Format(time.DateOnly), from.AddDate(0, 0, 7).Format(time.DateOnly)))
	}
	for _, key := range c.objects("") {
		take("/" + BucketName + "/" + key)
	}
	return requests, bytes
}

// The demo's 45 days cost little: CPU of the simulation, the vendors and a
// client that only counts, in one process.
func TestCost(t *testing.T) {
	if testing.Short() {
		t.Skip("a figure, taken without -short")
	}
	began, started := cpu(t), time.Now()
	c := world(t, Options{Shop: shop.Options{Days: 45}, Today: "2025-02-19"})
	c.http.Transport.(*http.Transport).MaxIdleConnsPerHost = 4
	ready := cpu(t)
	var memory runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&memory)
	requests, bytes := c.all(45)
	t.Logf("ready: %v CPU, %d MB live; %d requests, %d KB: %v CPU; all in %v", ready-began, memory.HeapAlloc>>20,
		requests, bytes>>10, cpu(t)-ready, time.Since(started))
	if used := cpu(t) - began; used > 2*time.Second {
		t.Errorf("%v CPU, the promise is two seconds", used)
	}
}
