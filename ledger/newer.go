package ledger

import (
	"context"
	"fmt"

	"setpoint.dev/setpoint/migrations"
)

// lookForNewer asks whether a newer program has migrated the database while
// this one runs, as it does in the middle of an upgrade of several instances.
// From then on every call is refused (ErrSchema), since this program might
// misread or miswrite what it does not know, and the lead is free for those
// that do. What it cannot ask, it asks the next time.
func (p *Postgres) lookForNewer(ctx context.Context) {
	if !p.migrated.Load() || p.newer.Load() != nil {
		return
	}
	steps, err := readSteps(migrations.Files)
	if err != nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, p.timeout)
	defer cancel()
	var name string
	if p.pool.QueryRow(ctx, `select name from migrations where version > $1 order by version desc limit 1`, len(steps)).Scan(&name) != nil {
		return // there is none, or the database is away
	}
	refused := fmt.Errorf("%w: the database ran %s while this program was running, which does not know it: a newer one is here; upgrade this one", ErrSchema, name)
	p.newer.Store(&refused)
	p.Resign()
}

// Outdated says why this program may not use the database any more; nil while
// it may.
func (p *Postgres) Outdated() error {
	if refused := p.newer.Load(); refused != nil {
		return *refused
	}
	return nil
}
