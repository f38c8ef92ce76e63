package vendors

import (
	"slices"
	"strconv"
)

// spoilers change a page in place, and report whether they could. What records
// share is never written to.
var spoilers = map[Kind]func(p *page, luck uint64) bool{
	HalfPage: halve, RepeatedPage: repeat, SkippedPage: skip, Duplicates: double, Reordered: turn, LateRecords: withhold,
	WrongCount: miscount, RetypedField: retype, NewField: widen, RemovedField: narrow, InvalidUTF8: garble, HugeNumber: inflate,
}

func halve(p *page, luck uint64) bool {
	n := len(p.records)
	if n < 2 || !p.counted {
		return false
	}
	first := int(luck % 2)
	p.records = p.records[first*(n/2) : first*(n/2)+n/2]
	return true
}

func repeat(p *page, _ uint64) bool {
	if !p.paged || p.start == 0 || p.start >= len(p.all) {
		return false
	}
	start := max(0, p.start-p.limit)
	p.limit = p.start - start
	p.at(start)
	return true
}

func skip(p *page, _ uint64) bool {
	next := p.next()
	if !p.paged || next < 0 {
		return false
	}
	p.at(next)
	return true
}

func double(p *page, luck uint64) bool {
	if len(p.records) == 0 {
		return false
	}
	var twice []record
	for i, r := range p.records {
		twice = append(twice, r)
		if uint64(i)%3 == luck%3 || i == 0 {
			twice = append(twice, r)
		}
	}
	p.records = twice
	return true
}

func turn(p *page, _ uint64) bool {
	if len(p.records) < 2 {
		return false
	}
	p.records = slices.Clone(p.records)
	slices.Reverse(p.records)
	return true
}

// withhold leaves out a quarter of the list, always the same one of a seed.
func withhold(p *page, luck uint64) bool {
	there := make([]record, 0, len(p.all))
	for _, r := range p.all {
		if chance(luck, "late", r.id)%4 > 0 {
			there = append(there, r)
		}
	}
	if !p.counted || len(there) == len(p.all) {
		return false
	}
	p.of(there)
	return true
}

func miscount(p *page, luck uint64) bool {
	p.total += 1 + int(luck%7)
	return p.counted
}

// retype makes of a number a text, and where there is no number of a text one.
func retype(p *page, luck uint64) bool {
	candidates, to := p.changeable(whole, money, decimal), text
	if len(candidates) == 0 {
		candidates, to = p.changeable(text), whole
	}
	if len(candidates) == 0 || len(p.records) == 0 {
		return false
	}
	at := candidates[luck%uint64(len(candidates))]
	p.columns = slices.Clone(p.columns)
	p.columns[at].kind = to
	some := false
	for n := range p.records {
		was := p.records[n].values[at]
		switch {
		case was == "":
			continue
		case to == text:
			p.change(n, at, "about "+was)
		default:
			p.change(n, at, strconv.FormatUint(chance(luck, was)%1000, 10))
		}
		some = true
	}
	return some
}

func widen(p *page, luck uint64) bool {
	p.columns = append(slices.Clip(p.columns), column{name: "loyalty_points", kind: whole})
	p.records = slices.Clone(p.records)
	for n, r := range p.records {
		p.records[n].values = append(slices.Clip(r.values), strconv.FormatUint(chance(luck, r.id)%1000, 10))
	}
	return len(p.records) > 0
}

func narrow(p *page, luck uint64) bool {
	candidates := p.changeable()
	if len(candidates) == 0 || len(p.records) == 0 {
		return false
	}
	at := candidates[luck%uint64(len(candidates))]
	p.columns = slices.Delete(slices.Clone(p.columns), at, at+1)
	p.records = slices.Clone(p.records)
	some := false
	for n, r := range p.records {
		some = some || r.values[at] != ""
		p.records[n].values = slices.Delete(slices.Clone(r.values), at, at+1)
	}
	return some
}

func garble(p *page, luck uint64) bool {
	return p.one(luck, []kind{text}, func(was string) string { return was[:len(was)-1] + "\xff\xfe" + was[len(was)-1:] })
}

// inflate lets digits of the seed follow a one, 40 in all.
func inflate(p *page, luck uint64) bool {
	return p.one(luck, []kind{whole, decimal, money}, func(string) string {
		digits := []byte("1")
		for n := luck; len(digits) < 40; n = chance(n, "digit") {
			digits = append(digits, byte('0'+n%10))
		}
		return string(digits)
	})
}

// one changes a value of one of the kinds in one record, one that is there.
func (p *page) one(luck uint64, kinds []kind, to func(was string) string) bool {
	candidates := p.changeable(kinds...)
	if len(candidates) == 0 {
		return false
	}
	at := candidates[luck%uint64(len(candidates))]
	for i := range p.records {
		n := (i + int(luck%uint64(len(p.records)))) % len(p.records)
		if was := p.records[n].values[at]; was != "" {
			p.change(n, at, to(was))
			return true
		}
	}
	return false
}
