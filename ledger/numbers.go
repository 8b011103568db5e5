package ledger

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/jackc/pgx/v5"

	"setpoint.dev/setpoint/loop"
)

// A numbering is the small numbers that are known to stand for names.
type numbering struct {
	lock sync.RWMutex
	ids  map[string]int32
}

func (n *numbering) id(name string) (id int32, known bool) {
	n.lock.RLock()
	defer n.lock.RUnlock()
	id, known = n.ids[name]
	return id, known
}

func (n *numbering) learn(name string, id int32) {
	n.lock.Lock()
	defer n.lock.Unlock()
	if n.ids == nil {
		n.ids = map[string]int32{}
	}
	n.ids[name] = id
}

// numbersOf is numbers of the objectives of asks.
func (p *Postgres) numbersOf(ctx context.Context, asks []loop.Stretch) (map[string]int32, error) {
	names := make([]string, 0, len(asks))
	for _, a := range asks {
		names = append(names, a.Objective)
	}
	return p.numbers(ctx, names, false)
}

// numbers are the small numbers that stand for objectives' names. Those that
// have none are given one, or left out.
func (p *Postgres) numbers(ctx context.Context, names []string, give bool) (map[string]int32, error) {
	ids, unknown := make(map[string]int32, len(names)), map[string]bool{}
	for _, name := range names {
		if id, known := p.objectives.id(name); known {
			ids[name] = id
		} else {
			unknown[name] = true
		}
	}
	if len(unknown) == 0 {
		return ids, nil
	}
	wanted := slices.Sorted(maps.Keys(unknown))
	err := p.do(ctx, func(ctx context.Context) error {
		if give {
			if _, err := p.pool.Exec(ctx, `insert into objectives (name) select n from unnest($1::text[]) n
				where not exists (select from objectives where name = n) on conflict do nothing`, wanted); err != nil {
				return err
			}
		}
		rows, err := p.pool.Query(ctx, `select name, id from objectives where name = any($1)`, wanted)
		if err != nil {
			return err
		}
		var name string
		var id int32
		_, err = pgx.ForEachRow(rows, []any{&name, &id}, func() error {
			ids[name] = id
			p.objectives.learn(name, id)
			return nil
		})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("number objectives: %w", err)
	}
	return ids, nil
}
