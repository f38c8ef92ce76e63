package duckdb

import (
	"testing"

	"github.com/larder-data/larder/internal/engine"
)

// TestNestedNumbersKeepTheirDigits asks for values JSON would round. As whole
// numbers beyond 64 bits and decimals they are text in the JSON; names and
// labels that look like types are left alone.
func TestNestedNumbersKeepTheirDigits(t *testing.T) {
	e := open(t)
	for sql, want := range map[string]string{
		"[1.10::decimal(4,2)]": `["1.10"]`,
		"[[99999999999999999999999999999999999.999::decimal(38,3)], [], null]":        `[["99999999999999999999999999999999999.999"],[],null]`,
		"{'price': 0.10::decimal(18,2), 'n': 3}":                                      `{"price":"0.10","n":3}`,
		"{'DECIMAL(18,2)': 1, 'HUGEINT': 2, 'a \"DECIMAL(4,2)\"': 1.5::decimal(4,2)}": `{"DECIMAL(18,2)":1,"HUGEINT":2,"a \"DECIMAL(4,2)\"":"1.50"}`,
		"map {1.5::decimal(4,2): 170141183460469231731687303715884105727::hugeint}":   `{"1.50":"170141183460469231731687303715884105727"}`,
		"[{'m': map {'x': [-0.01::decimal(38,2)]}}]":                                  `[{"m":{"x":["-0.01"]}}]`,
		"['DECIMAL(4,2)'::enum('DECIMAL(4,2)', 'HUGEINT')]":                           `["DECIMAL(4,2)"]`,
		"array_value(0.10::decimal(4,2), null)":                                       `["0.10",null]`,
		"[340282366920938463463374607431768211455::uhugeint]":                         `["340282366920938463463374607431768211455"]`,
		"null::decimal(4,2)[]":                                                        "",
		"union_value(d := 2.50::decimal(4,2))":                                        `{"d":"2.50"}`,
	} {
		if got := answer(t, e, "select "+sql+" as v"); len(got) != 1 || got[0][0] != want {
			t.Errorf("%s: %v, want %s", sql, got, want)
			continue
		}
		if err := stageAndPublish(t.Context(), e, engine.Table, "select "+sql+" as v"); err != nil {
			t.Errorf("%s: %v", sql, err)
			continue
		}
		if got := answer(t, e, "select v from a.b"); len(got) != 1 || got[0][0] != want {
			t.Errorf("%s, kept: %v, want %s", sql, got, want)
		}
	}
}
