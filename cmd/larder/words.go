package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/larder-data/larder/internal/engine"
)

// number writes a whole number with thousands apart.
func number(n int64) string {
	text := strconv.FormatInt(n, 10)
	sign := ""
	if n < 0 {
		sign, text = "-", text[1:]
	}
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return sign + text
}

// rows writes a count of rows, nothing when it is not known.
func rows(n int64) string {
	switch {
	case n < 0:
		return ""
	case n == 1:
		return "1 row"
	default:
		return number(n) + " rows"
	}
}

// rejectedRows tells behind a count of rows how many were rejected and where they
// are; nothing when none was.
func rejectedRows(n *int64, dataset string) string {
	if n == nil || *n == 0 {
		return ""
	}
	return ", " + number(*n) + " rejected: see " + engine.RejectsOf(engine.ParseRelation(dataset)).Dataset()
}

// plural writes a count with its noun.
func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return number(int64(n)) + " " + noun + "s"
}

// took writes a duration as a person reads it.
func took(d time.Duration) string {
	switch {
	case d < time.Millisecond:
		return "<1ms"
	case d < time.Second:
		return fmt.Sprintf("%dms", d.Milliseconds())
	case d < time.Minute:
		return fmt.Sprintf("%.1fs", d.Seconds())
	default:
		return d.Round(time.Second).String()
	}
}

// list joins names, the last with "and".
func list(names []string) string {
	switch len(names) {
	case 0:
		return ""
	case 1:
		return names[0]
	default:
		return strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1]
	}
}
