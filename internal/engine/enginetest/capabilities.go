package enginetest

import (
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/fault"
)

// claims prove each field of Capabilities, claimed or not. A claim fails the
// suite when the engine cannot live up to it; a field without a proof fails
// it too, so that nobody adds a word nothing stands behind.
var claims = map[string]func(h *house, c engine.Capabilities){
	"Name": func(h *house, c engine.Capabilities) {
		if c.Name == "" || c.Name != strings.ToLower(c.Name) {
			h.Errorf("the name is %q", c.Name)
		}
	},
	"TransactionalDDL": func(h *house, c engine.Capabilities) {
		if c.TransactionalDDL {
			h.torn(2, 20)
		}
	},
	"Views": func(h *house, c engine.Capabilities) {
		s, err := h.Stage(h.Context(), view("a.v", "SELECT 1 AS n"))
		if !c.Views {
			h.refused(err, fault.Invalid)
			return
		}
		h.must(err)
		h.must(h.Publish(h.Context(), h.publication(s)))
		h.shows("SELECT n FROM a.v", "1")
	},
	"LoadsParquet": func(h *house, c engine.Capabilities) {
		if _, ok := h.Engine.(engine.Lander); c.LoadsParquet && !ok {
			h.Fatal("LoadsParquet is claimed by an engine that is no engine.Lander")
		}
		if c.LoadsParquet {
			l := h.lake(engine.Append)
			l.land(cargo{sequence: 1, rows: []string{"1, 2, 3"}})
			l.holds("1 2 3")
		}
	},
	"BillsPerScan": func(*house, engine.Capabilities) {}, // a fact about money: nothing here can tell
	"PrunesByStats": func(h *house, _ engine.Capabilities) {
		h.put(build("a.b", "SELECT n, CASE WHEN n = 77777 THEN NULL ELSE n END AS v FROM ("+h.d.ManyRows(100000)+") AS t"))
		h.shows("SELECT n FROM a.b WHERE v IS NULL", "77777")
	},
	"FoldsCase": func(h *house, c engine.Capabilities) {
		h.put(engine.Build{Target: engine.Relation{Schema: "A", Name: "B"}, Form: engine.Table, SQL: "SELECT 1 AS n", Run: "r1"})
		_, err := h.Columns(h.Context(), engine.Relation{Schema: "a", Name: "b"})
		if !c.FoldsCase {
			h.refused(err, fault.NotFound)
			return
		}
		h.must(err)
		if _, err := h.Stage(h.Context(), build("a.b", "SELECT 2 AS n")); err != nil {
			h.Fatal(err)
		}
	},
	"Parallel": func(h *house, c engine.Capabilities) {
		if c.Parallel < 1 {
			h.Fatalf("%d statements at once", c.Parallel)
		}
		h.crowd(c.Parallel, func(int) error {
			batch, err := engine.ReadAll(h.Context(), h, "SELECT COUNT(*) FROM ("+h.d.ManyRows(1000)+") AS t", 1)
			return firstOf(err, batch, "1000")
		})
	},
	"MaxIdentifier": func(h *house, c engine.Capabilities) {
		if c.MaxIdentifier < 63 {
			h.Fatalf("names of %d bytes only", c.MaxIdentifier)
		}
		name := strings.Repeat("x", c.MaxIdentifier)
		h.put(build("a."+name, "SELECT 1 AS n"))
		h.same(h.relations(), []string{"a." + name})
		_, err := h.Stage(h.Context(), build("a."+name+"x", "SELECT 1 AS n"))
		h.refused(err, fault.Invalid)
	},
	"MaxDecimal": func(h *house, c engine.Capabilities) {
		if c.MaxDecimal < 28 {
			h.Fatalf("decimals of %d digits only", c.MaxDecimal)
		}
		digits := strings.Repeat("7", c.MaxDecimal)
		h.put(build("a.b", fmt.Sprintf("SELECT CAST('%s' AS DECIMAL(%d,0)) AS n", digits, c.MaxDecimal)))
		h.shows("SELECT n FROM a.b", digits)
	},
	"StatementLimit": func(h *house, c engine.Capabilities) {
		if c.StatementLimit < 0 || c.StatementLimit > 0 && c.StatementLimit < time.Second {
			h.Fatalf("a limit of %s", c.StatementLimit)
		}
	},
}

var capabilityCases = capabilityTales()

// capabilityTales is one case for each field.
func capabilityTales() []tale {
	var out []tale
	for field := range reflect.TypeFor[engine.Capabilities]().Fields() {
		out = append(out, tale{"what is claimed as " + field.Name + " holds", func(h *house) {
			prove, ok := claims[field.Name]
			if !ok {
				h.Fatalf("nothing proves the capability %s", field.Name)
			}
			prove(h, h.Capabilities())
		}})
	}
	return out
}
