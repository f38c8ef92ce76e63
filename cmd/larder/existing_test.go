package main

import (
	"database/sql"
	"fmt"
	"os"

	_ "github.com/duckdb/duckdb-go/v2"
	_ "github.com/jackc/pgx/v5/stdlib"
)

// othertool is another program that writes into the warehouse: it runs the
// statements it is given.
func othertool() {
	if err := runStatements(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func runStatements(statements []string) error {
	driver, place := "duckdb", ".larder/warehouse.duckdb"
	if url := os.Getenv("WAREHOUSE_URL"); url != "" {
		driver, place = "pgx", url
	}
	db, err := sql.Open(driver, place)
	if err != nil {
		return err
	}
	for _, s := range statements {
		if _, err := db.Exec(s); err != nil {
			return err
		}
	}
	return db.Close()
}
