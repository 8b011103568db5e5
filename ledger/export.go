package ledger

import (
	"context"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
)

// A Kind is what the values of a column are.
type Kind string

// The kinds of columns, and what their values are in Go.
const (
	Text    Kind = "text"    // string
	Integer Kind = "integer" // int64
	Number  Kind = "number"  // float64
	Truth   Kind = "truth"   // bool
	Moment  Kind = "moment"  // time.Time in UTC, of microseconds
	JSON    Kind = "json"    // string that holds JSON
)

// A Column is one of a table that is exported.
type Column struct {
	Name string
	Kind Kind
}

// A Sheet is who takes in a table that is exported: its columns once, then
// its rows in order. A value is nil where there is none.
type Sheet interface {
	Columns(all []Column) error
	Row(values []any) error
}

// exportAtOnce is how many rows one query of an export reads.
const exportAtOnce = 500

// Exports are the tables that can be exported.
func Exports() (names []string) {
	for _, t := range tables() {
		names = append(names, t.name)
	}
	return names
}

// Export writes the rows of a chain that were made in [from, to), which may
// be zero for all, with their hashes, as they are on record; each answer of
// the gate as a row of its own. Hashes are text in hexadecimal.
func (p *Postgres) Export(ctx context.Context, chain string, from, to time.Time, sheet Sheet) error {
	sql, err := exportOf(chain, from, to)
	if err != nil {
		return fmt.Errorf("export %s: %w", chain, err)
	}
	after, end, first := int64(0), int64(0), true
	for ; first || after < end; after += exportAtOnce {
		var rows [][]any
		var columns []Column
		err := p.do(ctx, func(ctx context.Context) (err error) {
			err = p.pool.QueryRow(ctx, `select seq, greatest($2, (select min(seq) - 1 from `+chain+`)) from heads where chain = $1`, chain, after).Scan(&end, &after)
			if err != nil {
				return err
			}
			columns, rows, err = p.exported(ctx, sql, after, from, to)
			return err
		})
		if err == nil && first {
			err = sheet.Columns(columns)
		}
		for i := 0; i < len(rows) && err == nil; i++ {
			err = sheet.Row(rows[i])
		}
		if err != nil {
			return wrap(err, "export %s", chain)
		}
		first = false
	}
	return nil
}

// exportOf is the query of a part of a table.
func exportOf(chain string, from, to time.Time) (string, error) {
	sql := `select * from ` + chain
	columns := ""
	for _, t := range tables() {
		if t.name == chain {
			columns = ", " + t.columns + ", "
		}
	}
	switch {
	case columns == "":
		return "", fmt.Errorf("%w: there is no such table; there are %s", ErrNotFound, strings.Join(Exports(), ", "))
	case chain == "verdicts":
		sql = exportVerdicts
	}
	sql = `select * from (` + sql + `) r where seq > $1 and seq <= $1 + $2`
	timed := strings.Contains(columns, ", at, ")
	switch {
	case timed:
		sql += ` and ($3::timestamptz is null or at >= $3) and ($4::timestamptz is null or at < $4)`
	case !from.IsZero() || !to.IsZero():
		return "", fmt.Errorf("%w: its rows have no time", ErrInvalid)
	default:
		sql += ` and coalesce($3::timestamptz, $4::timestamptz) is null`
	}
	return sql + ` order by seq`, nil
}

// exportVerdicts takes the batches apart.
const exportVerdicts = `select v.seq, v.prev_hash, v.hash, v.id || '.' || (o.place - 1) as id, (o.verdict #>> '{answer,at}')::timestamptz as at,
	o.verdict ->> 'tool' as tool, o.verdict #>> '{answer,service}' as service, o.verdict #>> '{answer,release}' as release,
	o.verdict #>> '{answer,verdict}' as verdict, o.verdict #>> '{answer,words}' as words, o.verdict::text as body
	from verdicts v cross join lateral json_array_elements(v.body::json -> 'verdicts') with ordinality o (verdict, place)`

func (p *Postgres) exported(ctx context.Context, sql string, after int64, from, to time.Time) ([]Column, [][]any, error) {
	rows, err := p.pool.Query(ctx, sql, after, int64(exportAtOnce), optional(from), optional(to))
	if err != nil {
		return nil, nil, err
	}
	columns := columnsOf(rows.FieldDescriptions())
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) ([]any, error) {
		values, err := row.Values()
		for i, v := range values {
			values[i] = simple(v)
		}
		return values, err
	})
	return columns, all, err
}

// columnsOf says what a query returns.
func columnsOf(fields []pgconn.FieldDescription) []Column {
	out := make([]Column, len(fields))
	for i, f := range fields {
		out[i] = Column{f.Name, Text}
		switch f.DataTypeOID {
		case pgtype.Int8OID, pgtype.Int4OID:
			out[i].Kind = Integer
		case pgtype.Float8OID:
			out[i].Kind = Number
		case pgtype.BoolOID:
			out[i].Kind = Truth
		case pgtype.TimestamptzOID:
			out[i].Kind = Moment
		}
		if f.Name == "body" {
			out[i].Kind = JSON
		}
	}
	return out
}

// simple is a value as sheets get it.
func simple(v any) any {
	switch v := v.(type) {
	case []byte:
		return hex.EncodeToString(v)
	case time.Time:
		return v.UTC()
	case int32:
		return int64(v)
	}
	return v
}
