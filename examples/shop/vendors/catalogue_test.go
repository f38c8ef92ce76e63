package vendors

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/larder-data/larder/internal/pgtest"
)

// The suppliers' database holds the truth, follows the days both ways, and
// writes nothing when nothing changed.
func TestSupplierCatalogue(t *testing.T) {
	c := world(t, Options{Today: "2025-01-06"})
	server := pgtest.Start(t)
	conn, err := pgx.Connect(t.Context(), server.URL(server.Database(t)))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	if _, err := conn.Exec(t.Context(), "set time zone 'UTC'"); err != nil {
		t.Fatal(err)
	}
	counts := map[string]int{}
	for n, today := range []string{"2025-01-06", "2025-01-12", "2025-01-09", "2025-01-09"} {
		if err := c.w.SetToday(today); err != nil {
			t.Fatal(err)
		}
		before := versions(t, conn)
		if err := c.w.SupplierCatalogue(t.Context(), conn); err != nil {
			t.Fatal(err)
		}
		for _, of := range catalogueTables {
			want, err := c.w.Truth("catalogue/" + of.name)
			if err != nil {
				t.Fatal(err)
			}
			columns := c.w.stock.feeds["catalogue/"+of.name].columns
			got := selected(t, conn, of.name, columns)
			if diff := cmp.Diff(lined(want), lined(got)); diff != "" {
				t.Errorf("%s on %s: %.800s", of.name, today, diff)
			}
			counts[today+of.name] = len(got)
		}
		if n == 3 {
			if diff := cmp.Diff(before, versions(t, conn)); diff != "" {
				t.Errorf("the same day again wrote rows: %.500s", diff)
			}
		}
	}
	if counts["2025-01-06receipts"] != 0 || counts["2025-01-12receipts"] <= counts["2025-01-09receipts"] || counts["2025-01-09receipts"] == 0 {
		t.Errorf("receipts do not follow the days: %v", counts)
	}
}

func selected(t *testing.T, conn *pgx.Conn, table string, columns []column) []Row {
	t.Helper()
	list := ""
	for i, c := range columns {
		if i > 0 {
			list += ", "
		}
		text := c.name + "::text"
		if c.name == "updated_at" {
			text = `to_char(updated_at, 'YYYY-MM-DD"T"HH24:MI:SS"Z"')`
		}
		list += text
	}
	rows, err := conn.Query(t.Context(), fmt.Sprintf("select %s from catalogue.%s", list, table))
	if err != nil {
		t.Fatal(err)
	}
	all, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) (Row, error) {
		values := make([]*string, len(columns))
		into := make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		if err := r.Scan(into...); err != nil {
			return nil, err
		}
		row := Row{}
		for i, v := range values {
			if v != nil {
				row[columns[i].name] = *v
			}
		}
		return row, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// versions are the physical versions of all rows.
func versions(t *testing.T, conn *pgx.Conn) []string {
	t.Helper()
	var there bool
	if err := conn.QueryRow(t.Context(), "select to_regclass('catalogue.receipts') is not null").Scan(&there); err != nil || !there {
		return nil
	}
	rows, err := conn.Query(t.Context(), `select ctid::text || xmin::text from catalogue.items
		union all select ctid::text || xmin::text from catalogue.receipts order by 1`)
	if err != nil {
		t.Fatal(err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return all
}
