package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"setpoint.dev/setpoint/client"
)

// conclude shows what is on record, compares, and writes the table. The verdict is an error when the
// loop did not help; err is anything that kept it from being reached.
func conclude(ctx context.Context, on *stage) (verdict, err error) {
	on.say("")
	replay, err := showRecord(ctx, on)
	if err != nil {
		return nil, err
	}
	c, err := compare(ctx, on, replay)
	if err != nil {
		return nil, err
	}
	on.say("\n%s", c)
	path, err := writeTable(on, c)
	if err != nil {
		return nil, err
	}
	on.say("The table is in %s", path)
	if len(c.faults()) > 0 {
		verdict = errors.New("the loop did not help: see the table")
	}
	return verdict, nil
}

// showRecord types the three commands that read the ledger, and returns what replay found wrong.
func showRecord(ctx context.Context, on *stage) (replay string, err error) {
	if _, err := showCommand(ctx, on, "log"); err != nil {
		return "", err
	}
	status, err := on.setpoint.Status(ctx)
	if err != nil {
		return "", err
	}
	moves, err := on.setpoint.Decisions(ctx, client.Filter{Moves: true, Limit: 500})
	if err != nil {
		return "", err
	}
	if id := firstMove(moves, status.Settings); id != "" {
		if _, err := showCommand(ctx, on, "why", id); err != nil {
			return "", err
		}
	}
	code, err := showCommand(ctx, on, "replay")
	if err != nil {
		return "", err
	}
	if code != 0 {
		replay = fmt.Sprintf("setpoint replay ended with exit code %d", code)
	}
	return replay, nil
}

// firstMove returns the ID of the oldest move, but of a freeze only when nothing else was moved: a freeze
// has two settings, and is the less interesting one to explain.
func firstMove(moves []client.Record, settings []client.Setting) (id string) {
	freezes := map[string]bool{}
	for _, s := range settings {
		freezes[s.Actuator] = s.Kind == "freeze"
	}
	plain := false
	for _, m := range moves { // newest first
		if freeze := freezes[m.Decision.Actuator]; !freeze || !plain {
			id, plain = m.Decision.ID, !freeze
		}
	}
	return id
}

func showCommand(ctx context.Context, on *stage, args ...string) (code int, err error) {
	words, code, err := on.setpoint.command(ctx, args...)
	if err != nil {
		return code, err
	}
	on.say("$ setpoint %s\n%s\n      exit code %d", strings.Join(args, " "), indent(words), code)
	return code, nil
}

// compare asks the shops what the customers saw during the story, and Setpoint what it counted.
func compare(ctx context.Context, on *stage, replay string) (comparison, error) {
	c := comparison{Replay: replay}
	status, err := on.setpoint.Status(ctx)
	if err != nil {
		return c, err
	}
	c.Observing, err = on.result(ctx, on.observing, status)
	if err != nil {
		return c, err
	}
	c.Acting, err = on.result(ctx, on.acting, status)
	return c, err
}

func (s *stage) result(ctx context.Context, shop shopProcess, status client.Status) (result, error) {
	truth, err := shop.summary(ctx, s.config.story())
	if err != nil {
		return result{}, err
	}
	r := result{Truth: truth}
	if o, found := objectiveOf(status, shop.Service); found {
		r.Budget = &budgetFigures{Burned: 1 - o.Remaining, Bad: o.Budget.Bad, Total: o.Budget.Good + o.Budget.Bad}
	}
	return r, nil
}

// objectiveOf returns the first objective of a service.
func objectiveOf(status client.Status, service string) (client.Objective, bool) {
	for _, o := range status.Objectives {
		if o.Service == service {
			return o, true
		}
	}
	return client.Objective{}, false
}

func writeTable(on *stage, c comparison) (path string, err error) {
	path = on.config.Table
	if path == "" {
		path = filepath.Join(on.dir, "demo-result.txt")
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return "", fmt.Errorf("write table: %w", err)
	}
	if err := os.WriteFile(path, []byte(c.String()), 0o644); err != nil {
		return "", fmt.Errorf("write table: %w", err)
	}
	return path, nil
}
