package ingest

import (
	"encoding/hex"
	"fmt"
	"slices"

	"github.com/zeebo/xxh3"
)

// Digest identifies a set of records whatever their order: the sum of the
// records' XXH3 hashes, of 128 bits, and how many there are.
type Digest struct {
	high, low uint64
	count     int64
}

// Add takes a record's bytes into account.
func (d *Digest) Add(record []byte) { d.add(xxh3.Hash128(record)) }

func (d *Digest) add(h xxh3.Uint128) {
	low := d.low + h.Lo
	if low < d.low {
		d.high++
	}
	d.high, d.low = d.high+h.Hi, low
	d.count++
}

// Count is how many records there were.
func (d *Digest) Count() int64 { return d.count }

// String returns the digest as a manifest's hash.
func (d *Digest) String() string {
	sum := xxh3.HashString128(fmt.Sprintf("%d %x %x", d.count, d.high, d.low)).Bytes()
	return "xxh3-128:" + hex.EncodeToString(sum[:])
}

// Tail is the digest of the records at or after a position that is only known
// when the last has been seen: the newest, less a lookback. What the source
// answers next time from there on are these records, when nothing is new.
type Tail struct {
	Lookback int64 // in the unit of the positions
	newest   int64
	any      bool
	kept     []tailed
	most     int // how many are kept before those that are too old are let go
}

type tailed struct {
	position int64
	hash     xxh3.Uint128
}

// fewestKept keeps a small tail from being looked through again and again.
const fewestKept = 1 << 16

// Add takes a record at a position into account.
func (t *Tail) Add(position int64, record []byte) {
	if !t.any || position > t.newest {
		t.newest, t.any = position, true
	}
	t.kept = append(t.kept, tailed{position, xxh3.Hash128(record)})
	if len(t.kept) > max(t.most, fewestKept) {
		t.prune()
		t.most = 2 * len(t.kept)
	}
}

func (t *Tail) prune() {
	t.kept = slices.DeleteFunc(t.kept, func(k tailed) bool { return k.position < t.newest-t.Lookback })
}

// Newest is the newest position, false when there was no record.
func (t *Tail) Newest() (int64, bool) { return t.newest, t.any }

// String returns the digest of the tail.
func (t *Tail) String() string {
	t.prune()
	var d Digest
	for _, k := range t.kept {
		d.add(k.hash)
	}
	return d.String()
}
