package ledger

import (
	"context"

	"github.com/jackc/pgx/v5"
)

// EncodeForTest and DecodeForTest are the canonical form of rows.
func EncodeForTest[T any](v T) ([]byte, error)    { return encode(v) }
func DecodeForTest[T any](body []byte) (T, error) { return decode[T](body) }

// SessionForTest reads a parameter of a session of the ledger.
func (p *Postgres) SessionForTest(ctx context.Context, parameter string) (value string, err error) {
	err = p.pool.QueryRow(ctx, `select current_setting($1)`, parameter).Scan(&value)
	return value, err
}

// LeadSessionForTest reads a parameter of the session that leads.
func (p *Postgres) LeadSessionForTest(ctx context.Context, parameter string) (value string, err error) {
	p.lead.mu.Lock()
	defer p.lead.mu.Unlock()
	err = p.lead.conn.QueryRow(ctx, `select current_setting($1)`, parameter).Scan(&value)
	return value, err
}

// HangForTest takes the locks of a writer in a session of the ledger and
// leaves it at that, as a process does that freezes. The caller closes it.
func (p *Postgres) HangForTest(ctx context.Context) (*pgx.Conn, error) {
	c, err := p.pool.Acquire(ctx)
	if err != nil {
		return nil, err
	}
	conn := c.Hijack()
	_, err = conn.Exec(ctx, `begin; select from heads for update`)
	return conn, err
}

// VerifyInForTest verifies what a transaction sees.
func VerifyInForTest(ctx context.Context, tx pgx.Tx) ([]Fault, error) {
	return stored{tx, func(ctx context.Context, call func(context.Context) error) error { return call(ctx) }}.verify(ctx, nil)
}

// BytesForTest is what is kept of a verdict.
func (e Encoded) BytesForTest() []byte { return e.body }

// AddForTest adds a batch of verdicts after the end of their chain, which it
// moves.
func AddForTest(ctx context.Context, conn *pgx.Conn, end *Head, b Batch) error {
	l, err := end.link(b)
	if err == nil {
		args := append([]any{l.seq, l.prev[:], l.hash[:], string(l.body)}, l.values...)
		_, err = conn.Exec(ctx, insertInto(verdictsTable()), args...)
	}
	*end = Head{end.Chain, l.seq, l.hash}
	return err
}

// RecordPruningForTest puts a pruning on record and drops nothing, as when a
// process ends in between.
func (p *Postgres) RecordPruningForTest(ctx context.Context, next Pruning) error {
	return p.recordPruning(ctx, next)
}

// BodyForTest is what is kept of a batch.
func (b Batch) BodyForTest() []byte { return b.body }
