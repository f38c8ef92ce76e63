package main

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/larder-data/larder/internal/app"
	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/table"
)

func (p *program) queryCommand() *cobra.Command {
	var format, out string
	var limit int
	var timeout time.Duration
	cmd := &cobra.Command{
		Use:   `query "SELECT ..."`,
		Short: "Ask the warehouse a question in SQL, read-only",
		Long: `Runs one read-only SELECT against what is published. It cannot write, and
reaches neither the file system nor the network. "-" reads the SQL from standard
input.`,
		Example: `  larder query "select * from finance.net_sales_daily limit 10"
  larder query "from finance.net_sales_daily" --format parquet --out sales.parquet`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			sql, err := p.sqlOf(args[0])
			if err != nil {
				return err
			}
			if p.json && !cmd.Flags().Changed("format") {
				format = "json"
			}
			a, err := p.load(cmd.Context())
			if err != nil {
				return err
			}
			defer closing(a, &err)
			answer, err := a.Query(cmd.Context(), sql, timeout)
			if err != nil {
				return err
			}
			defer answer.Close()
			for _, note := range answer.Notes {
				p.say("%s %s\n", p.paint(warn, "note:"), note)
			}
			return p.writeAnswer(cmd, answer, format, out, limit)
		},
	}
	cmd.Flags().StringVar(&format, "format", "table", "table, csv, json (one object a line) or parquet")
	cmd.Flags().StringVarP(&out, "out", "o", "", "write to this file instead of standard output")
	cmd.Flags().IntVar(&limit, "limit", 200, "most rows the table format shows; 0 shows all")
	cmd.Flags().DurationVar(&timeout, "timeout", 5*time.Minute, "give up after this long")
	return cmd
}

func (p *program) sqlOf(argument string) (string, error) {
	if argument != "-" {
		return argument, nil
	}
	text, err := io.ReadAll(p.in)
	if err != nil {
		return "", fault.New(fault.Invalid, "standard input: %w", err)
	}
	return string(text), nil
}

func (p *program) writeAnswer(cmd *cobra.Command, answer *app.Answer, format, out string, limit int) error {
	if format == "parquet" {
		if out == "" {
			return fault.New(fault.Invalid, "parquet is written to a file").WithHint("name one with --out")
		}
		return answer.Export(cmd.Context(), out, format)
	}
	rows, err := answer.Rows(cmd.Context())
	if err != nil {
		return err
	}
	defer rows.Close()
	if out == "" {
		return p.writeRows(p.out, rows, format, limit)
	}
	file, err := os.Create(out)
	if err != nil {
		return fault.New(fault.Denied, "%w", err)
	}
	if format == "table" {
		limit = 0
	}
	if err := p.writeRows(file, rows, format, limit); err != nil {
		_ = file.Close() // the first error is the one to tell
		return err
	}
	return file.Close()
}

func (p *program) writeRows(w io.Writer, rows engine.Rows, format string, limit int) error {
	buffered := bufio.NewWriterSize(w, 1<<16)
	var err error
	switch format {
	case "table":
		err = p.writeTable(buffered, rows, limit)
	case "csv":
		err = writeCSV(buffered, rows)
	case "json":
		err = writeJSON(buffered, rows)
	default:
		return fault.New(fault.Invalid, "unknown format %q", format).
			WithHint("%s", fault.DidYouMean(format, []string{"table", "csv", "json", "parquet"}))
	}
	if err == nil {
		err = buffered.Flush()
	}
	return err
}

func (p *program) writeTable(w io.Writer, rows engine.Rows, limit int) error {
	batch := table.Batch{Columns: rows.Columns()}
	more := false
	for rows.Next() {
		if limit > 0 && len(batch.Rows) == limit {
			more = true
			break
		}
		batch.Rows = append(batch.Rows, append([]any(nil), rows.Scan()...))
	}
	if err := rows.Err(); err != nil {
		return err
	}
	if _, err := io.WriteString(w, p.grid(batch, "")); err != nil {
		return err
	}
	if more {
		p.say("only the first %s are shown; --limit 0 shows all, --format csv too\n", plural(limit, "row"))
	} else {
		p.say("%s\n", plural(len(batch.Rows), "row"))
	}
	return nil
}

func writeCSV(w io.Writer, rows engine.Rows) error {
	out := csv.NewWriter(w)
	columns := rows.Columns()
	if err := out.Write(table.Names(columns)); err != nil {
		return err
	}
	record := make([]string, len(columns))
	for rows.Next() {
		for i, v := range rows.Scan() {
			record[i] = table.Format(v, columns[i].Type)
		}
		if err := out.Write(record); err != nil {
			return err
		}
	}
	out.Flush()
	if err := out.Error(); err != nil {
		return err
	}
	return rows.Err()
}

// writeJSON writes an object a line, columns in order. Decimals and integers
// beyond 53 bits are strings, so that no reader rounds them.
func writeJSON(w io.Writer, rows engine.Rows) error {
	columns := rows.Columns()
	keys := make([]string, len(columns))
	for i, c := range columns {
		key, err := json.Marshal(c.Name)
		if err != nil {
			return err
		}
		keys[i] = string(key) + ":"
	}
	for rows.Next() {
		var line strings.Builder
		line.WriteByte('{')
		for i, v := range rows.Scan() {
			if i > 0 {
				line.WriteByte(',')
			}
			value, err := json.Marshal(table.Plain(v, columns[i].Type))
			if err != nil {
				return err
			}
			line.WriteString(keys[i])
			line.Write(value)
		}
		line.WriteString("}\n")
		if _, err := io.WriteString(w, line.String()); err != nil {
			return err
		}
	}
	return rows.Err()
}
