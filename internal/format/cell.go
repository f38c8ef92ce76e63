package format

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"
)

// timeKind is what a cell's number format makes of a number.
type timeKind uint8

const (
	noTime   timeKind = iota // a number
	dateOnly                 // a date
	timeOnly                 // a time of the day
	dateTime                 // both
	elapsed                  // hours, minutes and seconds that passed, such as 36:00
)

// epoch is the day a workbook counts days from.
type epoch uint8

const (
	since1900 epoch = iota
	since1904       // of workbooks that were made on a Macintosh once
)

// builtIn are the number formats that have only a number (ECMA-376 part 1,
// 18.8.30), those of East Asian editions included.
var builtIn = map[int]timeKind{
	14: dateOnly, 15: dateOnly, 16: dateOnly, 17: dateOnly, 18: timeOnly, 19: timeOnly, 20: timeOnly, 21: timeOnly, 22: dateTime,
	27: dateOnly, 28: dateOnly, 29: dateOnly, 30: dateOnly, 31: dateOnly, 32: timeOnly, 33: timeOnly, 34: timeOnly, 35: timeOnly,
	36: dateOnly, 45: timeOnly, 46: elapsed, 47: timeOnly,
	50: dateOnly, 51: dateOnly, 52: dateOnly, 53: dateOnly, 54: dateOnly, 55: dateOnly, 56: dateOnly, 57: dateOnly, 58: dateOnly,
}

// timesOf tells what a number format makes of a number.
func timesOf(id, code string) timeKind {
	if code == "" {
		number, err := strconv.Atoi(id)
		if err != nil {
			return noTime
		}
		return builtIn[number]
	}
	return timesIn(code)
}

// timesIn tells what a number format with a code makes of a number (ECMA-376
// part 1, 18.8.31). It is that of positive numbers, the first section.
func timesIn(code string) timeKind {
	var date, clock, month bool
	code = strings.Map(func(r rune) rune { // bytes stay where they are
		if r >= 'A' && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, code)
	for at := 0; at < len(code); {
		rest, skip := code[at:], 1
		switch rest[0] {
		case ';':
			at = len(code)
		case '\\', '_', '*': // the next character is shown, or its width, or it fills
			_, size := utf8.DecodeRuneInString(code[at+1:])
			skip += size
		case '"':
			skip += len(before(rest[1:], '"')) + 1
		case '[':
			inside := before(rest[1:], ']')
			if inside != "" && strings.Trim(inside, inside[:1]) == "" && strings.ContainsAny(inside, "hms") {
				return elapsed
			}
			skip += len(inside) + 1
		case 'y', 'd', 'b':
			date = true
		case 'h', 's':
			clock = true
		case 'm':
			month = true
			if strings.HasPrefix(rest, "mmm") { // its name
				date = true
			}
			skip = len(rest) - len(strings.TrimLeft(rest, "m"))
		case 'g':
			if strings.HasPrefix(rest, "general") {
				skip = len("general")
			} else {
				date = true // an era
			}
		case 'e': // a year, or the exponent of a number
			date = date || len(rest) == 1 || rest[1] != '+' && rest[1] != '-'
		case 'a':
			if strings.HasPrefix(rest, "am/pm") || strings.HasPrefix(rest, "a/p") {
				clock, skip = true, len(before(rest, '/'))*2+1
			}
		}
		at += skip
	}
	switch {
	case date && clock:
		return dateTime
	case date, month && !clock: // beside a clock m are minutes
		return dateOnly
	case clock:
		return timeOnly
	}
	return noTime
}

// before returns what stands before the first such byte, everything when there
// is none.
func before(text string, end byte) string {
	out, _, _ := strings.Cut(text, string(end))
	return out
}

// plainNumber is a number written without an exponent.
var plainNumber = regexp.MustCompile(`^-?[0-9]+(\.[0-9]+)?$`)

// The digits a spreadsheet computes with and shows, and those a binary number
// is stored with: what stands between is not of the value.
const (
	shownDigits  = 15
	storedDigits = 17
)

// number is the value of a number cell as it is meant. A program that computes
// in binary stores 1.1 as 1.1000000000000001; a whole number, or one with more
// digits than a binary number has, was written by hand and is kept.
func number(stored string) string {
	stored = strings.TrimSpace(stored)
	plain := plainNumber.MatchString(stored)
	if plain {
		digits := significant(stored)
		if !strings.Contains(stored, ".") || digits <= shownDigits || digits > storedDigits {
			return stored
		}
	}
	value, err := strconv.ParseFloat(stored, 64)
	if err != nil || math.IsInf(value, 0) || math.IsNaN(value) {
		return stored
	}
	rounded, err := strconv.ParseFloat(strconv.FormatFloat(value, 'e', shownDigits-1, 64), 64)
	if err != nil || math.IsInf(rounded, 0) {
		return stored
	}
	if size := math.Abs(rounded); !plain && size != 0 && (size >= 1e21 || size < 1e-15) {
		return strconv.FormatFloat(rounded, 'e', -1, 64)
	}
	return strconv.FormatFloat(rounded, 'f', -1, 64)
}

// significant counts the digits of a plain number that matter.
func significant(plain string) int {
	digits := strings.TrimLeft(strings.Replace(strings.TrimPrefix(plain, "-"), ".", "", 1), "0")
	if strings.Contains(plain, ".") {
		digits = strings.TrimRight(digits, "0")
	}
	return len(digits)
}

// moment is a stored number as the date or time its format shows, in the ISO
// way. What no calendar has stays the number it is.
func moment(stored string, kind timeKind, from epoch) string {
	days, err := strconv.ParseFloat(strings.TrimSpace(stored), 64)
	if err != nil || math.IsNaN(days) || days < 0 || days >= lastDay {
		return number(stored)
	}
	// A millisecond is what a spreadsheet keeps of a time.
	ms := int64(math.Round(days * 86_400_000))
	if kind == elapsed {
		return strconv.FormatInt(ms/3_600_000, 10) + clock(ms%3_600_000, ":04:05")
	}
	if kind == timeOnly && ms < 86_400_000 {
		return clock(ms, "15:04:05")
	}
	whole, rest := ms/86_400_000, ms%86_400_000
	day := date(whole, from)
	if kind == dateOnly && rest == 0 {
		return day
	}
	return day + " " + clock(rest, "15:04:05")
}

// lastDay is the day after 9999-12-31.
const lastDay = 2_958_466

// clock is a number of milliseconds as a time, its fraction only when it has one.
func clock(ms int64, layout string) string {
	if ms%1000 != 0 {
		layout += ".000"
	}
	return time.UnixMilli(ms).UTC().Format(layout)
}

// date is the day with a number. Counted since 1900 there is a 29th of February
// of that year, which never was: spreadsheets keep it as the first ones had it.
func date(day int64, from epoch) string {
	start := time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)
	switch {
	case from == since1904:
		start = time.Date(1904, 1, 1, 0, 0, 0, 0, time.UTC)
	case day == 60:
		return "1900-02-29"
	case day < 60:
		start = start.AddDate(0, 0, 1)
	}
	return start.AddDate(0, 0, int(day)).Format("2006-01-02")
}

// escapes are characters XML cannot hold, as spreadsheets write them.
var escapes = regexp.MustCompile(`_x[0-9A-Fa-f]{4}_`)

// unescaped returns a text with its escapes replaced (ECMA-376 part 1,
// 22.9.2.19).
func unescaped(text string) string {
	if !strings.Contains(text, "_x") {
		return text
	}
	found := escapes.FindAllStringIndex(text, -1)
	var out strings.Builder
	var units []uint16 // characters beyond the first 65,536 are written as two
	at := 0
	flush := func() {
		out.WriteString(string(utf16.Decode(units)))
		units = units[:0]
	}
	for _, f := range found {
		if f[0] > at {
			flush()
			out.WriteString(text[at:f[0]])
		}
		unit, _ := strconv.ParseUint(text[f[0]+2:f[1]-1], 16, 16) // the pattern has only such digits
		units, at = append(units, uint16(unit)), f[1]
	}
	flush()
	return out.String() + text[at:]
}
