package mysql

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/table"
)

// session is a connection in a transaction that sees one state of the database.
type session struct {
	*connection
	settings
	all     []column // what the source offers
	columns []column // what is read
	since   column   // of Since
}

// open connects and begins the transaction.
func (s settings) open(ctx context.Context) (*session, error) {
	config, err := address(s.url)
	if err != nil {
		return nil, err
	}
	conn, err := connect(ctx, config)
	if number(err) == 1049 {
		return nil, s.nearestDatabase(ctx, err)
	}
	if err != nil {
		return nil, err
	}
	x := &session{connection: conn, settings: s}
	if err := x.begin(ctx); err != nil {
		x.close()
		return nil, err
	}
	return x, nil
}

func (x *session) begin(ctx context.Context) error {
	for _, sql := range []string{
		"SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ",
		"START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY",
	} {
		if err := x.exec(ctx, sql); err != nil {
			return err
		}
	}
	return nil
}

// nearestDatabase adds what the database may be called that does not exist.
func (s settings) nearestDatabase(ctx context.Context, err error) error {
	config, problem := address(s.url)
	if problem != nil {
		return err
	}
	missing := config.DBName
	config.DBName = ""
	conn, problem := connect(ctx, config)
	if problem != nil {
		return err
	}
	defer conn.close()
	if found, problem := conn.texts(ctx, "SHOW DATABASES"); problem == nil {
		hint(err, fault.DidYouMean(missing, firsts(found)))
	}
	return err
}

// hint puts a better hint on a fault, when there is one.
func hint(err error, text string) {
	if known, ok := errors.AsType[*fault.Error](err); ok && text != "" {
		known.Hint = text
	}
}

func firsts(lines [][]string) []string {
	var out []string
	for _, line := range lines {
		out = append(out, line[0])
	}
	return out
}

// describe learns the columns the server offers and takes those declared.
func (x *session) describe(ctx context.Context) error {
	rows, err := x.query(ctx, "SELECT * FROM "+x.from()+" LIMIT 0")
	if err != nil {
		return x.placed(ctx, err)
	}
	x.all = columnsOf(rows)
	rows.close()
	if x.Table.Table.Given() {
		if err := x.refine(ctx); err != nil {
			return err
		}
	}
	return x.choose()
}

// columnsOf is what the server says of the columns of an answer.
func columnsOf(rows *answer) []column {
	var all []column
	types, _ := rows.Rows.(driver.RowsColumnTypeDatabaseTypeName)
	sizes, _ := rows.Rows.(driver.RowsColumnTypePrecisionScale)
	nullable, _ := rows.Rows.(driver.RowsColumnTypeNullable)
	for i, name := range rows.Columns() {
		c := column{Column: table.Column{Name: name}, source: name}
		c.server, c.unsigned = strings.CutPrefix(strings.ToLower(types.ColumnTypeDatabaseTypeName(i)), "unsigned ")
		c.empty, _ = nullable.ColumnTypeNullable(i)
		precision, scale, _ := sizes.ColumnTypePrecisionScale(i)
		if c.server == "decimal" && precision < widest {
			precision++ // an unsigned one is told with a digit too few, and not told to be one
		}
		c.natural(int(precision), int(scale))
		all = append(all, c)
	}
	return all
}

// refine learns what an answer does not say of a table's columns: whether whole
// numbers stand for yes and no, how many digits decimals have, what MariaDB
// keeps as text.
func (x *session) refine(ctx context.Context) error {
	schema, name := x.relation()
	which := "TABLE_SCHEMA = coalesce(nullif(?, ''), database()) AND TABLE_NAME = ?"
	found, err := x.texts(ctx, "SELECT COLUMN_NAME, CAST(COLUMN_TYPE AS CHAR), CAST(DATA_TYPE AS CHAR), CAST(NUMERIC_PRECISION AS CHAR), CAST(NUMERIC_SCALE AS CHAR) "+
		"FROM information_schema.COLUMNS WHERE "+which, schema, name)
	if err != nil {
		return err
	}
	isJSON, err := x.jsonChecks(ctx, schema, name)
	if err != nil {
		return err
	}
	for _, line := range found {
		i := find(x.all, line[0])
		if i < 0 {
			continue
		}
		c := &x.all[i]
		switch whole, base := strings.ToLower(line[1]), strings.ToLower(line[2]); {
		case whole == "tinyint(1)", whole == "bit(1)":
			c.server = whole
		case base == "decimal":
			precision, _ := strconv.Atoi(line[3])
			scale, _ := strconv.Atoi(line[4])
			c.natural(precision, scale)
			continue
		case base == "uuid":
			c.server = base
		case slices.Contains(isJSON, line[0]):
			c.server = "json"
		default:
			continue
		}
		c.natural(0, 0)
	}
	return nil
}

// jsonChecks are the columns MariaDB keeps as text and checks to be JSON, as it
// does for columns of type JSON.
func (x *session) jsonChecks(ctx context.Context, schema, name string) ([]string, error) {
	if !x.mariadb() {
		return nil, nil
	}
	found, err := x.texts(ctx, "SELECT CONSTRAINT_NAME FROM information_schema.CHECK_CONSTRAINTS "+
		"WHERE CONSTRAINT_SCHEMA = coalesce(nullif(?, ''), database()) AND TABLE_NAME = ? AND CHECK_CLAUSE = concat('json_valid(`', CONSTRAINT_NAME, '`)')", schema, name)
	return firsts(found), err
}

func find(columns []column, name string) int {
	return slices.IndexFunc(columns, func(c column) bool { return strings.EqualFold(c.source, name) })
}

func names(columns []column) []string {
	var out []string
	for _, c := range columns {
		out = append(out, c.source)
	}
	return out
}

// placed gives what is wrong with a table or a query its place, and says what may
// have been meant.
func (x *session) placed(ctx context.Context, err error) error {
	known, ok := errors.AsType[*fault.Error](err)
	if !ok || !known.Where.IsZero() || known.Kind == fault.Unreachable {
		return err
	}
	known.Where = x.Table.Table.Where
	if x.Query.Given() {
		known.Where = x.Query.Where
	}
	if number(err) == 1146 && x.Table.Table.Given() {
		schema, name := x.relation()
		found, problem := x.texts(ctx, "SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = coalesce(nullif(?, ''), database()) ORDER BY 1", schema)
		if problem == nil {
			hint(err, fault.DidYouMean(name, firsts(found)))
		}
	}
	return err
}

// choose takes the declared columns, or all.
func (x *session) choose() error {
	var faults fault.List
	x.columns = slices.Clone(x.all)
	if len(x.settings.columns) > 0 {
		x.columns = nil
	}
	for _, d := range x.settings.columns {
		i := find(x.all, d.from)
		if i < 0 {
			faults.Add(fault.At(d.Where, fault.Held, "%s has no column %s any more, or never had", x.what(), d.from).WithHint("%s", fault.DidYouMean(d.from, names(x.all))))
			continue
		}
		c := x.all[i]
		c.Name = d.Name
		if d.Type != (table.Type{}) {
			c.as(d.Type)
		}
		x.columns = append(x.columns, c)
	}
	for i := range x.columns {
		x.columns[i].writer()
	}
	if x.Since.Given() {
		i := find(x.all, x.Since.Value.Column)
		if i < 0 {
			faults.Add(x.Since.Fault("%s has no column %s", x.what(), x.Since.Value.Column).WithHint("%s", fault.DidYouMean(x.Since.Value.Column, names(x.all))))
			return faults.Err()
		}
		x.since = x.all[i]
		faults.Add(x.growing())
	}
	return faults.Err()
}

// growing refuses a column that cannot tell what changed.
func (x *session) growing() error {
	switch {
	case x.since.Type.IsTemporal():
		return nil
	case x.since.Type.IsInteger() && x.Since.Value.Lookback != 0:
		return x.Since.Fault("%s is a number: a lookback of time means nothing", x.since.source)
	case x.since.Type.IsInteger():
		return nil
	}
	return x.Since.Fault("%s is %s: what changed is told by a time, a day or a whole number", x.since.source, x.since.server)
}

// lookback is Since's, in the column's unit.
func (x *session) lookback() int64 {
	if x.since.Type.Kind == table.Date {
		return int64((x.Since.Value.Lookback + 24*time.Hour - 1) / (24 * time.Hour))
	}
	return x.Since.Value.Lookback.Microseconds()
}

// at is how far a value of the column of Since is, false when it tells nothing.
func (x *session) at(v driver.Value) (int64, bool) {
	if n, ok := v.(int64); ok {
		return n, true
	}
	b, ok := v.([]byte)
	switch {
	case !ok:
		return 0, false
	case x.since.Type.Kind == table.Date:
		return dayOf(b)
	case x.since.Type.IsTemporal():
		return instantOf(b)
	}
	return 0, false // a number beyond 63 bits
}

// shown is a position in words.
func (x *session) shown(at int64) string {
	switch {
	case x.since.Type.Kind == table.Date:
		return time.Unix(at*86_400, 0).UTC().Format(time.DateOnly)
	case x.since.Type.IsTemporal():
		return time.UnixMicro(at).UTC().Format("2006-01-02 15:04:05.999999")
	default:
		return strconv.FormatInt(at, 10)
	}
}

// bound is a position as the server reads it.
func (x *session) bound(at int64) string {
	if x.since.Type.IsTemporal() {
		return "'" + x.shown(at) + "'"
	}
	return x.shown(at)
}

// question is the SELECT of the rows, the column of Since last.
func (x *session) question(where string, limit int) string {
	var list []string
	for _, c := range x.columns {
		list = append(list, "src."+quote(c.source))
	}
	if x.Since.Given() {
		list = append(list, "src."+quote(x.since.source))
	}
	sql := "SELECT " + strings.Join(list, ", ") + " FROM " + x.from() + where
	if limit > 0 {
		sql += fmt.Sprintf(" LIMIT %d", limit)
	}
	return sql
}

func (x *session) tableColumns() []table.Column {
	out := make([]table.Column, len(x.columns))
	for i, c := range x.columns {
		out[i] = c.Column
	}
	return out
}
