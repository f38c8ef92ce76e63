package ingest_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"github.com/larder-data/larder/internal/ingest"
)

// The digest of a tail is that of the records the source would give again, and
// of no others, in whatever order they came.
func TestATailIsWhatComesAgain(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		lookback := rapid.Int64Range(0, 5).Draw(r, "lookback")
		positions := rapid.SliceOfN(rapid.Int64Range(-20, 20), 1, 50).Draw(r, "positions")
		tail, newest := ingest.Tail{Lookback: lookback}, positions[0]
		for i, p := range positions {
			tail.Add(p, fmt.Appendf(nil, "record %d", i))
			newest = max(newest, p)
		}
		var again ingest.Digest
		for _, i := range rand.New(rand.NewPCG(1, uint64(len(positions)))).Perm(len(positions)) {
			if positions[i] >= newest-lookback {
				again.Add(fmt.Appendf(nil, "record %d", i))
			}
		}
		if got, ok := tail.Newest(); !ok || got != newest || tail.String() != again.String() {
			r.Fatalf("newest %d, want %d; tail %s, want %s", got, newest, tail.String(), again.String())
		}
		again.Add([]byte("record 0"))
		if tail.String() == again.String() {
			r.Fatal("a record more is no news")
		}
	})
}

// A long tail is kept short.
func TestATailLetsGoOfWhatIsTooOld(t *testing.T) {
	var tail ingest.Tail
	var last ingest.Digest
	for i := range 1_000_000 {
		tail.Add(int64(i/10), fmt.Appendf(nil, "%d", i))
	}
	for i := 999_990; i < 1_000_000; i++ {
		last.Add(fmt.Appendf(nil, "%d", i))
	}
	if tail.String() != last.String() {
		t.Error("it is not the last ten records")
	}
}
