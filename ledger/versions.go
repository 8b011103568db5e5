package ledger

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"setpoint.dev/setpoint/loop"
)

// Revise records versions of objectives; see loop.Versions.
func (p *Postgres) Revise(ctx context.Context, versions []loop.Version) error {
	for _, v := range versions {
		if err := checkVersion(v); err != nil {
			return wrap(err, "record version of %s", v.Objective)
		}
	}
	return wrap(p.write(ctx, func(ctx context.Context, tx pgx.Tx) error { return revise(ctx, tx, versions) }), "record versions")
}

func revise(ctx context.Context, tx pgx.Tx, versions []loop.Version) error {
	if err := lock(ctx, tx, versionsTable().name); err != nil {
		return err
	}
	newest, err := newestVersions(ctx, tx, versions)
	if err != nil {
		return err
	}
	var bodies [][]byte
	for _, v := range versions {
		body, err := continued(newest, v)
		if err != nil {
			return err
		}
		if body != nil {
			bodies = append(bodies, body)
		}
	}
	return appendRows(ctx, tx, versionsTable(), bodies)
}

// newestVersions are the newest on record of the objectives of some versions.
func newestVersions(ctx context.Context, tx pgx.Tx, of []loop.Version) (map[string]loop.Version, error) {
	var names []string
	for _, v := range of {
		names = append(names, v.Objective)
	}
	rows, err := tx.Query(ctx, `select v.body from unnest($1::text[]) as o(name)
		cross join lateral (select body from versions where objective = o.name order by seq desc limit 1) v`, names)
	if err != nil {
		return nil, err
	}
	found, err := pgx.CollectRows(rows, decodeRow[loop.Version])
	out := map[string]loop.Version{}
	for _, v := range found {
		out[v.Objective] = v
	}
	return out, err
}

// continued is the row of a version, nil when it is the one on record. It is
// the newest then.
func continued(newest map[string]loop.Version, v loop.Version) ([]byte, error) {
	last, known := newest[v.Objective]
	if known && last.Hash == v.Hash {
		return nil, nil
	}
	if known && !v.Since.After(last.Since) {
		return nil, wrap(broke("version", []rule{{false, "is in force later than the one before it"}}), "record version of %s", v.Objective)
	}
	newest[v.Objective] = v
	return encode(v)
}

// appendRows adds rows to a chain whose head is locked, in one round trip.
func appendRows(ctx context.Context, tx pgx.Tx, t table, bodies [][]byte) error {
	h := Head{Chain: t.name}
	var hash []byte
	if err := tx.QueryRow(ctx, `select seq, hash from heads where chain = $1`, t.name).Scan(&h.Seq, &hash); err != nil {
		return err
	}
	copy(h.Hash[:], hash)
	var all pgx.Batch
	for _, body := range bodies {
		l, err := h.next(t, body)
		if err != nil {
			return err
		}
		all.Queue(insertInto(t), append([]any{l.seq, l.prev[:], l.hash[:], string(l.body)}, l.values...)...)
		h.Seq, h.Hash = l.seq, l.hash
	}
	return tx.SendBatch(ctx, &all).Close()
}

// Versions returns the versions of each objective, oldest first; see
// loop.Versions.
func (p *Postgres) Versions(ctx context.Context, objectives ...string) ([][]loop.Version, error) {
	var found []loop.Version
	err := p.do(ctx, func(ctx context.Context) error {
		rows, err := p.pool.Query(ctx, `select body from versions where objective = any($1) order by seq`, objectives)
		if err != nil {
			return err
		}
		found, err = pgx.CollectRows(rows, decodeRow[loop.Version])
		return err
	})
	by := map[string][]loop.Version{}
	for _, v := range found {
		by[v.Objective] = append(by[v.Objective], v)
	}
	out := make([][]loop.Version, len(objectives))
	for i, name := range objectives {
		out[i] = by[name]
	}
	return out, wrap(err, "read versions")
}

func versionsTable() table {
	return table{"versions", `objective, version, since, at`,
		from(func(v loop.Version) []any { return []any{v.Objective, v.Hash, optional(v.Since), v.At} })}
}

func checkVersion(v loop.Version) error {
	return broke("version", []rule{
		{v.Objective != "", "names its objective"},
		{v.Hash != "" && v.Hash == loop.PolicyHash([]byte(v.Text)), "has the hash of its text"},
		{!v.At.IsZero(), "has a time"},
	})
}

// Revise records versions of objectives; see loop.Versions.
func (m *Memory) Revise(_ context.Context, versions []loop.Version) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	newest := map[string]loop.Version{}
	for name, all := range m.versions {
		newest[name] = all[len(all)-1]
	}
	var bodies [][]byte
	for _, v := range versions {
		body, err := continued(newest, v)
		if err == nil {
			err = checkVersion(v)
		}
		if err != nil {
			return fmt.Errorf("record versions: %w", err)
		}
		if body != nil {
			bodies = append(bodies, body)
		}
	}
	for _, body := range bodies {
		v, err := decode[loop.Version](body)
		if err == nil {
			_, err = m.append(versionsTable(), body)
		}
		if err != nil {
			return fmt.Errorf("record versions: %w", err)
		}
		m.versions[v.Objective] = append(m.versions[v.Objective], v)
	}
	return nil
}

// Versions returns the versions of each objective; see loop.Versions.
func (m *Memory) Versions(_ context.Context, objectives ...string) ([][]loop.Version, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	out := make([][]loop.Version, len(objectives))
	for i, name := range objectives {
		out[i] = append(out[i], m.versions[name]...)
	}
	return out, nil
}
