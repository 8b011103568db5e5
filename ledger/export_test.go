package ledger

import "context"

// EncodeForTest and DecodeForTest are the canonical form of rows.
func EncodeForTest[T any](v T) ([]byte, error)    { return encode(v) }
func DecodeForTest[T any](body []byte) (T, error) { return decode[T](body) }

// SessionForTest reads a parameter of a session of the ledger.
func (p *Postgres) SessionForTest(ctx context.Context, parameter string) (value string, err error) {
	err = p.pool.QueryRow(ctx, `select current_setting($1)`, parameter).Scan(&value)
	return value, err
}
