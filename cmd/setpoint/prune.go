package main

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/spf13/cobra"

	"setpoint.dev/setpoint/ledger"
)

func (a *app) pruneCmd() *cobra.Command {
	var s storage
	var k checks
	var before, by, why string
	var dryRun bool
	c := &cobra.Command{
		Use:     "prune",
		Short:   "Drop old answers of the gate, behind a checkpoint",
		GroupID: "run",
		Long: `Drop answers of the gate that were given before a time. Nothing else of the
record is dropped.

Only what a signed checkpoint covers is dropped (see 'setpoint checkpoint'): all
answers up to the newest checkpoint before which all are old. They are verified
first, and stay if one is not as it was written. What is dropped is on record,
with who did it, why, and the checkpoint; 'setpoint verify' goes on from there.

The owner of the ledger prunes: DATABASE_URL with that role, or the private
PostgreSQL. A role that was let in by 'setpoint migrate --grant' may not.
'setpoint serve --keep-verdicts' prunes every hour.`,
		Example: `  setpoint prune --before -400d --checkpoints checkpoints.jsonl --key checkpoint.pub --dry-run
  setpoint prune --before 2026-01-01 --checkpoints checkpoints.jsonl --key checkpoint.pub --why 'kept for a year'`,
		Args: args(0, 0, "no arguments"),
		RunE: func(c *cobra.Command, _ []string) error {
			now := time.Now()
			limit, err := instant(before, now)
			if err != nil {
				return exit{usage, fmt.Sprintf("--before %v", err)}
			}
			if why == "" {
				why = "answers before " + limit.UTC().Format(time.RFC3339) + " are not kept"
			}
			return a.prune(c, s, k, ledger.Retention{Before: limit, By: by, Why: why, At: now}, dryRun)
		},
	}
	s.flags(c)
	c.Flags().StringVar(&before, "before", "", "what was given before then is old: a date, a time, or -400d")
	c.Flags().StringVar(&k.file, "checkpoints", "", "file of checkpoints, as 'setpoint checkpoint' prints them")
	c.Flags().StringVar(&k.key, "key", "", "file of the public key (PEM) that they were signed with")
	c.Flags().StringVar(&by, "by", whoami(), "who prunes, for the record")
	c.Flags().StringVar(&why, "why", "", "why, for the record")
	c.Flags().BoolVar(&dryRun, "dry-run", false, "say what would be dropped, and drop nothing")
	for _, needed := range []string{"before", "checkpoints", "key"} {
		_ = c.MarkFlagRequired(needed)
	}
	return c
}

// dropped is what prune did, or would do.
type dropped struct {
	Through int64 `json:"through"` // number of the last row that is dropped; 0 = none is
	Rows    int64 `json:"rows"`
	Answers int64 `json:"answers"`
	Old     int64 `json:"old"` // rows that are old, covered by a checkpoint or not
	DryRun  bool  `json:"dryRun"`
}

func (a *app) prune(c *cobra.Command, s storage, k checks, r ledger.Retention, dryRun bool) error {
	var err error
	if r.Checkpoints, err = k.read(); err != nil {
		return err
	}
	quiet := slog.New(slog.DiscardHandler)
	records, err := s.existing(c.Context(), quiet)
	if err != nil {
		return err
	}
	defer records.close(quiet)
	d, err := prune(c.Context(), records.Postgres, r, dryRun)
	if err != nil {
		return err
	}
	return a.show(c, d, func(w io.Writer) { d.print(w) })
}

// prune drops what is old and covered, and ends what was interrupted earlier.
func prune(ctx context.Context, records *ledger.Postgres, r ledger.Retention, dryRun bool) (dropped, error) {
	plan, err := records.PlanPruning(ctx, r)
	if err != nil {
		return dropped{}, err
	}
	d := dropped{Through: plan.Pruning.Through, Rows: plan.Rows, Answers: plan.Answers, Old: plan.Old, DryRun: dryRun}
	if dryRun {
		return d, nil
	}
	next := &plan.Pruning
	if plan.Rows == 0 {
		next = nil
	}
	return d, records.Prune(ctx, next)
}

func (d dropped) print(w io.Writer) {
	did := "dropped"
	if d.DryRun {
		did = "would be dropped"
	}
	if d.Rows == 0 {
		did = "nothing " + did
	} else {
		did = fmt.Sprintf("%d answers in %d rows up to %d %s", d.Answers, d.Rows, d.Through, did)
	}
	if rest := d.Old - d.Rows; rest > 0 {
		did += fmt.Sprintf("; %d old rows stay until a checkpoint covers them", rest)
	}
	fmt.Fprintln(w, did)
}

// ownerURL is the address with the role that owns the ledger, when the one
// that serves does not.
const ownerURL = "OWNER_DATABASE_URL"

// leastKept is how long answers are needed: those that releases are bound to,
// and those that the page looks back on.
const leastKept = 35 * 24 * time.Hour

// A pruner drops what is older than keep.
type pruner struct {
	keep   time.Duration
	checks checks
	owner  string // address of the ledger with the role that may drop; "" = that of serve may
}

// newPruner is nil when everything is kept.
func newPruner(keep time.Duration, k checks) (*pruner, error) {
	switch {
	case keep == 0:
		return nil, nil
	case keep < leastKept:
		return nil, fmt.Errorf("--keep-verdicts %s is less than the %s that releases and the page look back", keep, leastKept)
	case k.file == "":
		return nil, errors.New("--keep-verdicts needs --checkpoints and --checkpoint-key: only what a checkpoint covers is dropped")
	}
	return &pruner{keep, k, os.Getenv(ownerURL)}, nil
}

// watch prunes every hour.
func (p *pruner) watch(ctx context.Context, records *ledger.Postgres, log *slog.Logger) error {
	if p == nil {
		return nil
	}
	return repeat(ctx, checkpointEvery, func(ctx context.Context) {
		switch d, err := p.prune(ctx, records, time.Now()); {
		case err != nil && ctx.Err() == nil:
			log.Error("prune", "error", err)
		case d.Rows > 0:
			log.Info("pruned", "answers", d.Answers, "rows", d.Rows, "through", d.Through)
		}
	})
}

func (p *pruner) prune(ctx context.Context, records *ledger.Postgres, now time.Time) (dropped, error) {
	private, err := readPrivateKey(p.checks.key)
	if err != nil {
		return dropped{}, err
	}
	r := ledger.Retention{Before: now.Add(-p.keep), By: "setpoint serve", Why: "--keep-verdicts " + p.keep.String(), At: now}
	if r.Checkpoints, err = readCheckpoints(p.checks.file, private.Public().(ed25519.PublicKey)); err != nil {
		return dropped{}, err
	}
	if p.owner != "" {
		owner, err := ledger.Open(ledger.Config{DSN: p.owner, Conns: 2})
		if err != nil {
			return dropped{}, fmt.Errorf("%s: %w", ownerURL, err)
		}
		defer owner.Close()
		records = owner
	}
	return prune(ctx, records, r, false)
}
