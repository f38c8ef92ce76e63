package sqlite

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/larder-data/larder/internal/state"
	"github.com/larder-data/larder/internal/table"
)

// What is spelt by hand must be what encoding/json reads, and be read back by
// hand as it was, whatever the names.
func TestHandwrittenJSON(t *testing.T) {
	types := []table.Type{
		{Kind: table.BigInt},
		{Kind: table.Decimal, Precision: 38, Scale: 10},
		{Kind: table.TimestampTZ},
		{Kind: table.Nested, Spelling: `STRUCT("a b" INTEGER, c VARCHAR)[]`},
	}
	name := rapid.OneOf(rapid.StringMatching(`[a-z_]{1,8}`), rapid.String(), rapid.Just(`x","type":"BIGINT"},{`))
	column := rapid.Custom(func(r *rapid.T) table.Column {
		return table.Column{Name: name.Draw(r, "name"), Type: rapid.SampledFrom(types).Draw(r, "type")}
	})
	rapid.Check(t, func(r *rapid.T) {
		columns := rapid.SliceOfN(column, 0, 5).Draw(r, "columns")
		byHand, err := decodeColumns(encodeColumns(columns))
		expect(r, byHand, columns, err)

		upstream := rapid.MapOfN(name, rapid.Just(columns), 0, 3).Draw(r, "upstream")
		var readUpstream map[string][]table.Column
		err = decode(encodeUpstream(upstream), &readUpstream)
		expect(r, readUpstream, upstream, err)

		inputs := []state.Input{{Dataset: name.Draw(r, "input"), Version: rapid.Int64().Draw(r, "version"), Env: name.Draw(r, "env")}}
		var readInputs []state.Input
		err = json.Unmarshal([]byte(encodeInputs(inputs)), &readInputs)
		expect(r, readInputs, inputs, err)
	})
}

func expect(r *rapid.T, got, want any, err error) {
	if err != nil {
		r.Fatal(err)
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		r.Fatalf("(-want +got)\n%s", diff)
	}
}

// Columns in a spelling of somebody else's, with spaces or other fields, are
// read all the same, and what is damaged is an error.
func TestForeignColumns(t *testing.T) {
	want := []table.Column{{Name: "a", Type: table.Type{Kind: table.BigInt}}, {Name: "b", Type: table.Type{Kind: table.Date}}}
	for _, text := range []string{
		`[{"name":"a","type":"BIGINT"},{"name":"b","type":"DATE"}]`,
		` [ {"name": "a", "type": "bigint"}, {"type": "DATE", "name": "b"} ] `,
		`[{"name":"\u0061","type":"BIGINT"},{"name":"b","type":"DATE"}]`,
	} {
		got, err := decodeColumns(text)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%s: %v %s", text, err, diff)
		}
	}
	for _, text := range []string{`[`, `[{"name":"a","type":"BIGINT"}`, `[{"name":"a","type":"NUMBERS"}]`, `x]`} {
		if got, err := decodeColumns(text); err == nil {
			t.Errorf("%s: no error, but %v", text, got)
		}
	}
}
