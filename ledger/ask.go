package ledger

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"setpoint.dev/setpoint/loop"
)

// Several questions in one round trip: ask(ctx, db, query(sql, args...).texts(&found), …).

// A question is a query with what becomes of its rows.
type question struct {
	sql  string
	args []any
	read func(pgx.Rows) error
}

// A batcher is a pool or a transaction.
type batcher interface {
	SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults
}

// ask sends all questions at once.
func ask(ctx context.Context, db batcher, questions ...question) error {
	var b pgx.Batch
	for _, q := range questions {
		b.Queue(q.sql, q.args...).Query(q.read)
	}
	return db.SendBatch(ctx, &b).Close()
}

func query(sql string, args ...any) question { return question{sql: sql, args: args} }

func (q question) terms(to *[]loop.Term) question {
	return collect(q, to, pgx.RowToStructByPos[loop.Term])
}

func (q question) texts(to *[]string) question { return collect(q, to, pgx.RowTo[string]) }

func (q question) orders(to *[]loop.Order) question { return collect(q, to, decodeRow[loop.Order]) }

func (q question) times(to *[]time.Time) question {
	return collect(q, to, func(row pgx.CollectableRow) (t time.Time, err error) {
		err = row.Scan(&t)
		return t.UTC(), err
	})
}

func (q question) begun(to *[]loop.Begun) question {
	return collect(q, to, pgx.RowToStructByPos[loop.Begun])
}

func (q question) past(to *[]loop.Past) question {
	return collect(q, to, func(row pgx.CollectableRow) (p loop.Past, err error) {
		var predicted, effect string
		if err := row.Scan(&p.ID, &p.At, &p.From, &p.To, &p.Verb, &p.Reason, &predicted, &effect); err != nil {
			return p, err
		}
		p.At = p.At.UTC()
		return p, errors.Join(json.Unmarshal([]byte(predicted), &p.Predicted), json.Unmarshal([]byte(effect), &p.Effect))
	})
}

// points adds to what it has.
func (q question) points(to *[]Point) question {
	q.read = func(rows pgx.Rows) (err error) {
		*to, err = pgx.AppendRows(*to, rows, func(row pgx.CollectableRow) (p Point, err error) {
			err = row.Scan(&p.At, &p.Value, &p.Decision)
			p.At = p.At.UTC()
			return p, err
		})
		return err
	}
	return q
}

// collect leaves nil where there is no row, as Memory does.
func collect[T any](q question, to *[]T, row pgx.RowToFunc[T]) question {
	q.read = func(rows pgx.Rows) (err error) {
		*to, err = pgx.AppendRows([]T(nil), rows, row)
		return err
	}
	return q
}

// decodeRow reads a row that is a body.
func decodeRow[T any](row pgx.CollectableRow) (v T, err error) {
	var body string
	if err := row.Scan(&body); err != nil {
		return v, err
	}
	return decode[T]([]byte(body))
}
