package http

import (
	"cmp"

	"github.com/larder-data/larder/internal/ingest"
)

// News says what will be asked for.
func (r *Reader) News(t ingest.Table, past ingest.Past) string {
	s, err := decode(t)
	if err != nil {
		return "" // told when it is asked
	}
	what := cmp.Or(s.Path.Value, "a report")
	switch span := s.span(); {
	case span.Since != nil:
		if at := positionOf(past.Position()).At; at != "" {
			return "ask for " + what + " since " + at
		}
		return "ask for all of " + what
	case span.Windows != nil:
		return "ask for " + what + ", by " + span.windowName(window{span.start, span.start.Add(span.Windows.Of.Value)}) + " and after"
	}
	return "ask for " + what
}
