package vendors

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/larder-data/larder/internal/fault"
)

// catalogueTables are what the suppliers' database holds, in the order in which
// one refers to another. Columns are those of the feeds.
var catalogueTables = []struct{ name, key, columns string }{
	{"suppliers", "vendor_id", `
		vendor_id text primary key,
		name text not null,
		items integer not null`},
	{"items", "product_id", `
		product_id text primary key,
		vendor_id text not null references catalogue.suppliers,
		name text not null,
		category text not null,
		cost numeric(12,2) not null,
		storage catalogue.storage not null,
		sizes text[] not null,
		details jsonb not null,
		updated_at timestamptz not null`},
	{"receipts", "purchase_order, line_no", `
		purchase_order text,
		line_no integer,
		vendor_id text not null references catalogue.suppliers,
		product_id text not null references catalogue.items,
		ordered_on date not null,
		expected_on date not null,
		received_on date not null,
		ordered_units integer not null,
		received_units integer not null,
		rejected_units integer not null,
		reject_reason text,
		unit_cost numeric(18,2) not null,
		primary key (purchase_order, line_no)`},
}

const catalogueTypes = `
	create schema if not exists catalogue;
	do $$ begin
		create type catalogue.storage as enum ('ambient', 'chilled', 'frozen');
	exception when duplicate_object then null;
	end $$;`

// SupplierCatalogue brings the suppliers' database up to Today, in one
// transaction: the tables catalogue.suppliers, catalogue.items and
// catalogue.receipts are made when they are missing. Rows that are as they
// should be are not written, rows that should not be there are deleted.
func (w *World) SupplierCatalogue(ctx context.Context, conn *pgx.Conn) error {
	v := w.viewNow()
	err := pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, catalogueTypes); err != nil {
			return err
		}
		for _, t := range catalogueTables {
			if _, err := tx.Exec(ctx, "create table if not exists catalogue."+t.name+" ("+t.columns+")"); err != nil {
				return err
			}
			f := w.stock.feeds["catalogue/"+t.name]
			if err := copyIn(ctx, tx, t.name, f.columns, v.rows[f.name]); err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, merge(t.name, t.key, f.columns)); err != nil {
				return err
			}
		}
		for i := len(catalogueTables) - 1; i >= 0; i-- { // what refers goes first
			t := catalogueTables[i]
			_, err := tx.Exec(ctx, fmt.Sprintf("delete from catalogue.%[1]s where (%[2]s) not in (select %[2]s from fresh_%[1]s)", t.name, t.key))
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fault.New(fault.Unreachable, "the suppliers' database: %w", err).
			WithHint("the user must be allowed to create the schema catalogue")
	}
	return nil
}

// copyIn puts rows into a table of the transaction's own.
func copyIn(ctx context.Context, tx pgx.Tx, table string, columns []column, rows []record) error {
	ddl := fmt.Sprintf("create temporary table fresh_%[1]s (like catalogue.%[1]s) on commit drop", table)
	if _, err := tx.Exec(ctx, ddl); err != nil {
		return err
	}
	var lines bytes.Buffer
	for _, r := range rows {
		for i, value := range r.values {
			if i > 0 {
				lines.WriteByte('\t')
			}
			if value == "" {
				value = `\N`
			} else {
				value = copyEscapes.Replace(value)
			}
			lines.WriteString(value)
		}
		lines.WriteByte('\n')
	}
	_, err := tx.Conn().PgConn().CopyFrom(ctx, &lines, "copy fresh_"+table+" ("+names(columns)+") from stdin")
	return err
}

var copyEscapes = strings.NewReplacer(`\`, `\\`, "\t", `\t`, "\n", `\n`)

func merge(table, key string, columns []column) string {
	return fmt.Sprintf(`insert into catalogue.%[1]s as t (%[2]s) select %[2]s from fresh_%[1]s
		on conflict (%[3]s) do update set (%[2]s) = row(%[4]s) where (%[5]s) is distinct from (%[4]s)`,
		table, names(columns), key, prefixed("excluded.", columns), prefixed("t.", columns))
}

func names(columns []column) string { return prefixed("", columns) }

func prefixed(prefix string, columns []column) string {
	var all []string
	for _, c := range columns {
		all = append(all, prefix+c.name)
	}
	return strings.Join(all, ", ")
}
