package mysql

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"
	"strings"

	mysql "github.com/go-sql-driver/mysql"

	"github.com/larder-data/larder/internal/fault"
)

// connection is one session with the server. Its rows come over the binary
// protocol: as text a FLOAT has lost digits.
type connection struct {
	driver.Conn
	server string // its version
	closed bool
}

func connect(ctx context.Context, config *mysql.Config) (*connection, error) {
	if err := prepare(config); err != nil {
		return nil, fault.New(fault.Internal, "%w", err)
	}
	connector, err := mysql.NewConnector(config)
	if err != nil {
		return nil, fault.New(fault.Internal, "%w", err)
	}
	conn, err := connector.Connect(ctx)
	if err != nil {
		return nil, explain(err)
	}
	c := &connection{Conn: conn}
	found, err := c.texts(ctx, "SELECT version()")
	if err != nil {
		c.close()
		return nil, err
	}
	c.server = found[0][0]
	return c, nil
}

// close ends the session; one that is gone is as good as closed.
func (c *connection) close() {
	c.closed = true
	_ = c.Conn.Close()
}

func (c *connection) mariadb() bool { return strings.Contains(c.server, "MariaDB") }

// exec runs a statement that answers nothing.
func (c *connection) exec(ctx context.Context, sql string) error {
	conn, ok := c.Conn.(driver.ExecerContext)
	if !ok {
		return fault.New(fault.Internal, "the driver runs no statements")
	}
	_, err := conn.ExecContext(ctx, sql, nil)
	return c.explain(err)
}

// explain tells what went wrong, and closes a connection that is of no use any
// more.
func (c *connection) explain(err error) error {
	problem := explain(err)
	if kind := fault.KindOf(problem); err != nil && (kind == fault.Unreachable || kind == fault.Interrupted) {
		c.close()
	}
	return problem
}

// answer is the rows of a query on their way.
type answer struct {
	driver.Rows
	statement driver.Stmt
}

// close lets go of the rows that are left; they must be few, they are read.
func (a *answer) close() {
	_ = a.Rows.Close()
	_ = a.statement.Close()
}

// query asks; the caller closes the answer.
func (c *connection) query(ctx context.Context, sql string, args ...driver.Value) (*answer, error) {
	conn, ok := c.Conn.(driver.ConnPrepareContext)
	if !ok {
		return nil, fault.New(fault.Internal, "the driver prepares no statements")
	}
	statement, err := conn.PrepareContext(ctx, sql)
	if err != nil {
		return nil, c.explain(err)
	}
	asked, ok := statement.(driver.StmtQueryContext)
	if !ok {
		return nil, fault.New(fault.Internal, "the driver asks no questions")
	}
	named := make([]driver.NamedValue, len(args))
	for i, v := range args {
		named[i] = driver.NamedValue{Ordinal: i + 1, Value: v}
	}
	rows, err := asked.QueryContext(ctx, named)
	if err != nil {
		_ = statement.Close()
		return nil, c.explain(err)
	}
	return &answer{rows, statement}, nil
}

// each calls row for every row; its values are valid until it returns.
func (a *answer) each(row func([]driver.Value) error) error {
	values := make([]driver.Value, len(a.Columns()))
	for {
		switch err := a.Next(values); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return explain(err)
		}
		if err := row(values); err != nil {
			return err
		}
	}
}

// texts returns a small answer; what is NULL or no text is "".
func (c *connection) texts(ctx context.Context, sql string, args ...driver.Value) ([][]string, error) {
	rows, err := c.query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	defer rows.close()
	var out [][]string
	err = rows.each(func(values []driver.Value) error {
		var line []string
		for _, v := range values {
			b, _ := v.([]byte)
			line = append(line, string(b))
		}
		out = append(out, line)
		return nil
	})
	return out, err
}

// number returns the whole number that is a query's answer.
func (c *connection) number(ctx context.Context, sql string) (int64, error) {
	rows, err := c.query(ctx, sql)
	if err != nil {
		return 0, err
	}
	defer rows.close()
	var n int64
	err = rows.each(func(values []driver.Value) error {
		n, _ = values[0].(int64)
		return nil
	})
	return n, err
}
