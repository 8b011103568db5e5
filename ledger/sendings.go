package ledger

import (
	"context"
	"strings"

	"github.com/jackc/pgx/v5"

	"setpoint.dev/setpoint/loop"
)

// BeginSendings records that reports are about to be sent, all of them or
// none, and returns those that were not on record. Those of a schedule are
// refused with loop.ErrDeposed unless their term is the newest.
func (p *Postgres) BeginSendings(ctx context.Context, all ...loop.Sending) (fresh []loop.Sending, err error) {
	err = p.write(ctx, func(ctx context.Context, tx pgx.Tx) (err error) {
		fresh, err = beginSendings(ctx, tx, all)
		return err
	})
	return fresh, wrap(err, "record sendings")
}

func beginSendings(ctx context.Context, tx pgx.Tx, all []loop.Sending) (fresh []loop.Sending, err error) {
	if err := lock(ctx, tx, "sendings"); err != nil {
		return nil, err
	}
	var newest []loop.Term
	var known []string
	if err := ask(ctx, tx, query(newestTerm).terms(&newest), query(`select id from sendings where ended = '' and id = any($1)`, idsOf(all)).texts(&known)); err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	for _, id := range known {
		seen[id] = true
	}
	for _, s := range all {
		if s.By == "" {
			if err := leads(s.Term, newest); err != nil {
				return nil, err
			}
		}
		if seen[s.ID] {
			continue
		}
		body, err := checked(s, checkSending)
		if err == nil {
			err = appendRow(ctx, tx, sendingsTable(), body)
		}
		if err != nil {
			return nil, err
		}
		seen[s.ID], fresh = true, append(fresh, s)
	}
	return fresh, nil
}

func idsOf(all []loop.Sending) (ids []string) {
	for _, s := range all {
		ids = append(ids, s.ID)
	}
	return ids
}

// EndSending records how a sending that is on record ended. The first end
// stays.
func (p *Postgres) EndSending(ctx context.Context, s loop.Sending) error {
	body, err := checked(s, checkSending)
	if err == nil {
		err = p.write(ctx, func(ctx context.Context, tx pgx.Tx) error { return endSending(ctx, tx, s.ID, body) })
	}
	return wrap(err, "record the end of sending %s", s.ID)
}

func endSending(ctx context.Context, tx pgx.Tx, id string, body []byte) error {
	if err := lock(ctx, tx, "sendings"); err != nil {
		return err
	}
	var ends []string
	if err := ask(ctx, tx, query(`select ended from sendings where id = $1 order by seq`, id).texts(&ends)); err != nil {
		return err
	}
	switch len(ends) {
	case 0:
		return ErrNotFound
	case 1:
		return appendRow(ctx, tx, sendingsTable(), body)
	}
	return nil
}

// Sendings returns sendings, those that began last first, each with how it
// ended if it has.
func (p *Postgres) Sendings(ctx context.Context, f loop.SendingFilter) (out []loop.Sending, err error) {
	err = p.do(ctx, func(ctx context.Context) error {
		rows, err := p.pool.Query(ctx, `select b.body, coalesce(e.body, '') from sendings b left join sendings e on e.id = b.id and e.ended <> ''
			where b.ended = '' and ($1::text[] is null or b.id = any($1)) and (not $2 or e.id is null) order by b.seq desc limit $3`, f.IDs, f.Open, bounded(f.Limit))
		if err != nil {
			return err
		}
		out, err = pgx.CollectRows(rows, sendingOf)
		return err
	})
	return out, wrap(err, "read sendings")
}

func sendingOf(row pgx.CollectableRow) (loop.Sending, error) {
	var began, ended string
	if err := row.Scan(&began, &ended); err != nil {
		return loop.Sending{}, err
	}
	s, err := decode[loop.Sending]([]byte(began))
	if err != nil || ended == "" {
		return s, err
	}
	end, err := decode[loop.Sending]([]byte(ended))
	s.At, s.End, s.Error = end.At, end.End, end.Error
	return s, err
}

func sendingsTable() table {
	return table{"sendings", `id, report, target, at, until, ended, epoch, by`,
		from(func(s loop.Sending) []any {
			return []any{s.ID, s.Report, s.Target, s.At, s.Until, string(s.End), s.Epoch, s.By}
		})}
}

func checkSending(s loop.Sending) error {
	byHand := strings.TrimSpace(s.By) != ""
	return broke("sending", []rule{
		{name(s.ID), "has an ID of 1 to 200 bytes"},
		{s.Report != "" && s.Target != "", "names its report and its target"},
		{!s.At.IsZero() && !s.Until.IsZero(), "has a time, and an end of trying"},
		{s.From.Before(s.To), "is about a period"},
		{s.End != "" || byHand == (s.Epoch == 0), "is begun by a leader, or by a person"},
		{s.End != "" || byHand == s.Due.IsZero(), "was due, unless a person sends it"},
		{s.End == "" || s.Text == "", "says once what is sent"},
		{s.End == "" || s.End == loop.Sent || s.End == loop.Unsent, "ends as sent or unsent"},
		{(s.End == loop.Unsent) == (s.Error != ""), "says why it was not sent"},
	})
}
