package existing_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/ingest"
	"github.com/larder-data/larder/internal/ingest/existing"
	"github.com/larder-data/larder/internal/project"
	"github.com/larder-data/larder/internal/table"
)

var (
	usual    = project.Drift{Added: project.Evolve, Widened: project.Evolve, Removed: project.Hold, Retyped: project.Hold}
	evolving = project.Drift{Added: project.Evolve, Widened: project.Evolve, Removed: project.Evolve, Retyped: project.Evolve}
	strict   = project.Drift{Added: project.Hold, Widened: project.Hold, Removed: project.Hold, Retyped: project.Hold}
	ignoring = project.Drift{Added: project.Ignore, Widened: project.Evolve, Removed: project.Hold, Retyped: project.Hold}
)

// columns reads "id INTEGER, net DOUBLE".
func columns(t *testing.T, text string) []table.Column {
	t.Helper()
	var out []table.Column
	for part := range strings.SplitSeq(text, ", ") {
		if part == "" {
			continue
		}
		name, of, _ := strings.Cut(part, " ")
		kind, err := table.ParseType(of)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, table.Column{Name: name, Type: kind})
	}
	return out
}

func words(columns []table.Column) string {
	var out []string
	for _, c := range columns {
		out = append(out, c.Name+" "+c.Type.String())
	}
	return strings.Join(out, ", ")
}

// standing is raw.t with declared columns, written as columns reads them, a type
// being optional.
func standing(t *testing.T, drift project.Drift, declared string) existing.Standing {
	t.Helper()
	s := existing.Standing{Relation: engine.ParseRelation("raw.t")}
	s.Table = ingest.Table{SourceTable: project.SourceTable{Drift: drift}}
	for part := range strings.SplitSeq(declared, ", ") {
		if name, of, typed := strings.Cut(part, " "); typed {
			s.Columns = append(s.Columns, project.Column{Name: name, Type: columns(t, "x "+of)[0].Type})
		} else if name != "" {
			s.Columns = append(s.Columns, project.Column{Name: name})
		}
	}
	return s
}

func TestShape(t *testing.T) {
	for _, c := range []struct {
		name, declared, known, there string
		drift                        project.Drift
		want, held                   string
	}{
		{"new", "", "", "id INTEGER, net DOUBLE", usual, "id INTEGER, net DOUBLE", ""},
		{"as before, in another order", "", "id INTEGER, net DOUBLE", "NET DOUBLE, id INTEGER", usual, "id INTEGER, NET DOUBLE", ""},
		{"added", "", "id INTEGER", "net DOUBLE, id INTEGER", usual, "id INTEGER, net DOUBLE", ""},
		{"added, ignored", "", "id INTEGER", "net DOUBLE, id INTEGER", ignoring, "id INTEGER", ""},
		{"added, held", "", "id INTEGER", "net DOUBLE, id INTEGER", strict, "id INTEGER", "column net (DOUBLE) was added"},
		{"widened", "", "id INTEGER", "id BIGINT", usual, "id BIGINT", ""},
		{"widened, held", "", "id INTEGER", "id BIGINT", strict, "id INTEGER", "column id was widened from INTEGER to BIGINT"},
		{"removed", "", "id INTEGER, net DOUBLE", "id INTEGER", usual, "id INTEGER, net DOUBLE", "column net (DOUBLE) is missing"},
		{"removed, taken", "", "id INTEGER, net DOUBLE", "id INTEGER", evolving, "id INTEGER", ""},
		{"retyped", "", "id INTEGER, net DOUBLE", "id INTEGER, net VARCHAR", usual, "id INTEGER, net DOUBLE", "column net was DOUBLE and is VARCHAR"},
		{"retyped, taken", "", "net DOUBLE", "net VARCHAR", evolving, "net VARCHAR", ""},
		{"only what is declared", "net", "", "id INTEGER, net DOUBLE", usual, "net DOUBLE", ""},
		{"taken out of the declaration", "net", "id INTEGER, net DOUBLE", "net DOUBLE", usual, "net DOUBLE", ""},
		{"put into the declaration", "id, net", "net DOUBLE", "id INTEGER, net DOUBLE", strict, "id INTEGER, net DOUBLE", ""},
		{"declared by name, retyped", "net", "net DOUBLE", "net VARCHAR", usual, "net DOUBLE", "column net was DOUBLE and is VARCHAR"},
		{"declared by name, removed", "id, net", "id INTEGER, net DOUBLE", "id INTEGER", usual, "id INTEGER, net DOUBLE", "column net (DOUBLE) is missing"},
		{"declared by name, never there", "id, nett", "", "id INTEGER, net DOUBLE", usual, "id INTEGER", "raw.t has no column nett"},
		{"declared type, on purpose another", "net VARCHAR", "net DOUBLE", "net VARCHAR", usual, "net VARCHAR", ""},
		{"declared type, not that", "net DOUBLE", "", "net VARCHAR", evolving, "net DOUBLE", "net of raw.t is VARCHAR, declared is DOUBLE"},
		{"declared type, not there", "net DOUBLE", "", "id INTEGER", evolving, "net DOUBLE", "raw.t has no column net"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := standing(t, c.drift, c.declared).Shape(columns(t, c.known), columns(t, c.there))
			if diff := cmp.Diff(c.want, words(got)); diff != "" {
				t.Error(diff)
			}
			switch {
			case c.held == "" && err != nil:
				t.Error(err)
			case c.held != "" && (err == nil || fault.KindOf(err) != fault.Held || !strings.Contains(err.Error(), c.held)):
				t.Errorf("held by %v, want %s", err, c.held)
			}
		})
	}
}

func TestShapeTellsEverything(t *testing.T) {
	_, err := standing(t, usual, "").Shape(columns(t, "a INTEGER, b DOUBLE"), columns(t, "b VARCHAR"))
	var list fault.List
	list.Add(err)
	if len(list) != 2 {
		t.Errorf("%d faults, want one of each column: %v", len(list), err)
	}
}

func TestVersionFollowsWhatIsSeen(t *testing.T) {
	s := standing(t, usual, "")
	s.Settings.ChangedBy.Value = "at"
	seen := existing.Seen{Columns: columns(t, "id INTEGER"), All: 3, Rows: 2, Newest: "2026-01-01"}
	if again := seen; s.Version(seen) != s.Version(again) {
		t.Error("the same has two versions")
	}
	versions := map[string]string{s.Version(seen): "as it is"}
	differ := func(what string, s existing.Standing, seen existing.Seen) {
		if other, same := versions[s.Version(seen)]; same {
			t.Errorf("%s has the version of %s", what, other)
		}
		versions[s.Version(seen)] = what
	}
	for what, change := range map[string]func(*existing.Seen){
		"a row more":       func(s *existing.Seen) { s.All, s.Rows = 4, 3 },
		"a row deleted":    func(s *existing.Seen) { s.Rows = 1 },
		"a newer row":      func(s *existing.Seen) { s.Newest = "2026-01-02" },
		"another type":     func(s *existing.Seen) { s.Columns = columns(t, "id BIGINT") },
		"a column renamed": func(s *existing.Seen) { s.Columns = columns(t, "key INTEGER") },
	} {
		now := seen
		change(&now)
		differ(what, s, now)
	}
	other := s
	other.Relation.Name = "u"
	differ("another table", other, seen)
	other = s
	other.Deleted = "gone"
	differ("another condition", other, seen)
}

func TestChangeTellsWhat(t *testing.T) {
	s := standing(t, usual, "")
	s.Settings.ChangedBy.Value = "at"
	was := columns(t, "id INTEGER")
	for _, c := range []struct {
		seen existing.Seen
		want string
	}{
		{existing.Seen{Columns: was, Rows: 3, Newest: "9:00"}, "raw.t changed: newest at 9:00, 3 rows after 2"},
		{existing.Seen{Columns: was, Rows: 2, Newest: "9:00"}, "raw.t changed: newest at 9:00, 2 rows"},
		{existing.Seen{Columns: was}, "raw.t changed: no rows after 2"},
		{existing.Seen{Columns: columns(t, "id INTEGER, net DOUBLE"), Rows: 1}, "raw.t changed: column net (DOUBLE) was added, 1 row after 2"},
	} {
		if diff := cmp.Diff(c.want, s.Change(was, 2, c.seen)); diff != "" {
			t.Error(diff)
		}
	}
}

func TestSQL(t *testing.T) {
	s := standing(t, usual, "")
	if got := s.SQL([]string{`a"b`, "net"}); got != `SELECT "a""b", "net" FROM "raw"."t"` {
		t.Error(got)
	}
	s.Deleted = "gone -- by hand"
	if got := s.SQL([]string{"id"}); got != "SELECT \"id\" FROM \"raw\".\"t\" WHERE (gone -- by hand\n) IS NOT TRUE" {
		t.Errorf("%q", got)
	}
}
