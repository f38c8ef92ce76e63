package project

import "cmp"

// Response is what follows when the columns of a source change.
type Response string

// The responses.
const (
	Evolve Response = "evolve" // the table takes the change
	Hold   Response = "hold"   // the load is held, the last good data stays
	Ignore Response = "ignore" // the table stays as it is
)

// Drift says what follows each kind of change. A renamed column is one removed
// and one added: that they belong together is never guessed.
type Drift struct {
	Added   Response
	Widened Response // a whole number that holds all it held before
	Removed Response
	Retyped Response
}

// driftSpec is how it is written.
type driftSpec struct {
	Added   string `yaml:"added" jsonschema:"enum=evolve,enum=hold,enum=ignore" jsonschema_description:"A new column: evolve (default) adds it, hold holds the load, ignore leaves it out"`
	Widened string `yaml:"widened" jsonschema:"enum=evolve,enum=hold,enum=ignore" jsonschema_description:"A whole number that got wider: evolve (default) widens the column, hold holds the load, ignore reads it as before"`
	Removed string `yaml:"removed" jsonschema:"enum=evolve,enum=hold,enum=ignore" jsonschema_description:"A column that is missing: hold (default) holds the load, evolve leaves it empty and tells, ignore leaves it empty"`
	Retyped string `yaml:"retyped" jsonschema:"enum=evolve,enum=hold,enum=ignore" jsonschema_description:"Values of another type: hold (default) holds the load, evolve makes an undeclared column wide enough for both, ignore puts the rows that do not fit in quarantine"`
}

// over is what a table says, else its source, else what is usual.
func (s driftSpec) over(d Drift) Drift {
	return Drift{
		Added: cmp.Or(Response(s.Added), d.Added, Evolve), Widened: cmp.Or(Response(s.Widened), d.Widened, Evolve),
		Removed: cmp.Or(Response(s.Removed), d.Removed, Hold), Retyped: cmp.Or(Response(s.Retyped), d.Retyped, Hold),
	}
}
