package library

import "fmt"

func sprintf(format string, args ...any) string { return fmt.Sprintf(format, args...) }

func events() []Function {
	session := func(kind string) Function {
		const when = "case when event_at is null then null when previous is null then true else %s > gap_minutes * 60000000 end"
		return Function{
			Name: "is_new_session", Params: []Param{{"event_at", kind}, {"previous", kind}, {"gap_minutes", "bigint"}},
			duckdb:   sprintf(when, "epoch_us(event_at) - epoch_us(previous)"),
			postgres: sprintf(when, "extract(epoch from event_at - previous) * 1000000"),
			Doc: "Whether an event begins a session: there is none before it, or more than the gap lies between. " +
				"Sum it up over the events in order to number sessions; see the pattern below. NULL when event_at is.",
			Example: "larder.is_new_session(" + kind + " '2024-03-31 10:31:00', " + kind + " '2024-03-31 10:00:00', 30)", Gives: "true",
		}
	}
	return grouped("Events", "boolean", []Function{session("timestamp"), session("timestamptz")})
}
