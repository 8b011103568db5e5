package ledger

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"setpoint.dev/setpoint/loop"
)

// RowsForTest are rows of a chain that are made faster than the ledger writes
// them.
type RowsForTest struct {
	table table
	head  Head
	rows  [][]any
}

// NewRowsForTest are none yet, of an empty chain.
func NewRowsForTest(chain string) *RowsForTest {
	t, _ := tableOf(chain)
	return &RowsForTest{table: t, head: Head{Chain: chain}}
}

// AddDecision adds a row of decisions.
func (r *RowsForTest) AddDecision(d loop.Decision) error {
	body, err := encodeDecision(d)
	if err != nil {
		return err
	}
	l, err := r.head.next(r.table, body)
	r.add(l)
	return err
}

// AddBatch adds a row of verdicts.
func (r *RowsForTest) AddBatch(b Batch) error {
	l, err := r.head.link(b)
	r.add(l)
	return err
}

func (r *RowsForTest) add(l link) {
	r.head = Head{r.head.Chain, l.seq, l.hash}
	r.rows = append(r.rows, append([]any{l.seq, l.prev[:], l.hash[:], string(l.body)}, l.values...))
}

// CopyTo puts the rows that were added into their table, by a superuser who
// switches the guards off, and forgets them.
func (r *RowsForTest) CopyTo(ctx context.Context, conn *pgx.Conn) error {
	_, err := conn.PgConn().Exec(ctx, fmt.Sprintf(`alter table setpoint.%s disable trigger all; alter table setpoint.heads disable trigger all`, r.head.Chain)).ReadAll()
	if err != nil {
		return err
	}
	columns := strings.Split("seq, prev_hash, hash, body, "+strings.ReplaceAll(r.table.columns, `"`, ""), ", ")
	if _, err := conn.CopyFrom(ctx, pgx.Identifier{"setpoint", r.head.Chain}, columns, pgx.CopyFromRows(r.rows)); err != nil {
		return err
	}
	r.rows = nil
	_, err = conn.Exec(ctx, `update setpoint.heads set seq = $1, hash = $2 where chain = $3`, r.head.Seq, r.head.Hash[:], r.head.Chain)
	return err
}

// LeanForTest reads the columns of a row of decisions without encoding/json,
// and with it.
func LeanForTest(body []byte) (lean, slow any, ok bool) {
	d, ok := leanGist(body)
	slow, _ = decode[gist](body)
	return d, slow, ok
}

// LeanBatchForTest does so with the columns of a row of verdicts.
func LeanBatchForTest(body []byte) (lean, slow []any, ok bool) {
	b, n, ok := leanBatch(body)
	all, _ := decode[batchBody](body)
	return b.values(int(n)), all.values(len(all.Verdicts)), ok
}
