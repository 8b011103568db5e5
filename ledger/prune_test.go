package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"setpoint.dev/setpoint/ledger"
	"setpoint.dev/setpoint/ledger/cluster/clustertest"
	"setpoint.dev/setpoint/ledger/ledgertest"
	"setpoint.dev/setpoint/migrations"
)

// aged is a ledger of 25 rows of verdicts, one a minute, in parts of ten, with
// checkpoints of where it ended after 5, 17 and 25 rows.
func aged(t *testing.T) (string, []ledger.Checkpoint) {
	t.Helper()
	dsn := clustertest.Prepared(t, "aged", func(dsn string) error {
		return errors.Join(ledger.Migrate(context.Background(), dsn, migrations.Files), inTens(dsn), fillAged(dsn))
	})
	p := open(t, dsn)
	var out []ledger.Checkpoint
	for _, seq := range []int64{5, 17, 25} {
		c, err := ledger.Sign([]ledger.Head{headAt(t, p, dsn, seq)}, noon(), signer(1))
		must(t, err)
		out = append(out, c)
	}
	return dsn, out
}

// inTens has ten rows in each of the first parts.
func inTens(dsn string) error {
	conn, err := pgx.Connect(context.Background(), dsn)
	if err != nil {
		return err
	}
	defer conn.Close(context.Background())
	_, err = conn.PgConn().Exec(context.Background(), `alter table setpoint.verdicts detach partition setpoint.verdicts_1;
		alter table setpoint.verdicts attach partition setpoint.verdicts_1 for values from (1) to (11);
		create table setpoint.verdicts_11 (like setpoint.verdicts including all, unique (id));
		alter table setpoint.verdicts attach partition setpoint.verdicts_11 for values from (11) to (21);
		create table setpoint.verdicts_21 (like setpoint.verdicts including all, unique (id));
		alter table setpoint.verdicts attach partition setpoint.verdicts_21 for values from (21) to (1501);
		select setpoint.guard_part('verdicts_11'), setpoint.guard_part('verdicts_21')`).ReadAll()
	return err
}

func fillAged(dsn string) error {
	p, err := ledger.Open(ledger.Config{DSN: dsn})
	if err != nil {
		return err
	}
	defer p.Close()
	for i := 1; i <= 25 && err == nil; i++ {
		var b ledger.Batch
		if b, err = agedBatch(i); err == nil {
			err = p.Judge(context.Background(), b)
		}
	}
	return err
}

func agedBatch(i int) (ledger.Batch, error) {
	return batchOf(fmt.Sprint("v", i), ledgertest.Verdict("shop", "v1", noon().Add(time.Duration(i)*time.Minute)))
}

// headAt is the end that the chain of verdicts had when it had so many rows.
func headAt(t *testing.T, p *ledger.Postgres, dsn string, seq int64) ledger.Head {
	t.Helper()
	h := ledger.Head{Chain: "verdicts", Seq: seq}
	var hash []byte
	must(t, connect(t, dsn).QueryRow(t.Context(), `select hash from setpoint.verdicts where seq = $1`, seq).Scan(&hash))
	copy(h.Hash[:], hash)
	return h
}

func retention(minutes int, all []ledger.Checkpoint) ledger.Retention {
	return ledger.Retention{Before: noon().Add(time.Duration(minutes) * time.Minute), Checkpoints: all, By: "ann", Why: "kept for a year", At: noon().Add(time.Hour)}
}

// left are the numbers of the first and the last row, how many there are, and
// the parts that they are in.
func left(t *testing.T, dsn string) (out string) {
	t.Helper()
	must(t, connect(t, dsn).QueryRow(t.Context(), `select format('%s to %s, %s in ', min(seq), max(seq), count(*)) ||
		(select string_agg(relname::text, ' ' order by inhrelid) from pg_inherits join pg_class c on c.oid = inhrelid where inhparent = 'setpoint.verdicts'::regclass) from setpoint.verdicts`).Scan(&out))
	return out
}

// Old verdicts are dropped as far as a checkpoint covers them, whole parts and
// what is old of the next one; what is left is verified from there on.
func TestPrune(t *testing.T) {
	dsn, all := aged(t)
	p := open(t, dsn)
	plan, err := p.PlanPruning(t.Context(), retention(20, all))
	must(t, err)
	if plan.Rows != 17 || plan.Answers != 17 || plan.Old != 19 || plan.Pruning.Through != 17 {
		t.Fatalf("plan %+v, want rows up to 17 of 19 that are old", plan)
	}
	if got, want := left(t, dsn), "1 to 25, 25 in verdicts_1 verdicts_11 verdicts_21"; got != want {
		t.Errorf("after a plan: %s, want %s", got, want)
	}
	must(t, p.RecordPruningForTest(t.Context(), plan.Pruning)) // and there it was interrupted
	wantSound(t, p, all, "while all is there")
	must(t, p.Prune(t.Context(), nil))
	must(t, p.Prune(t.Context(), &plan.Pruning)) // a second time nothing
	if got, want := left(t, dsn), "18 to 25, 8 in verdicts_11 verdicts_21"; got != want {
		t.Errorf("left %s, want %s", got, want)
	}
	wantSound(t, p, all, "pruned")
	for seq := int64(18); seq <= 25; seq++ {
		faults, err := p.Beside(t.Context(), "verdicts", seq)
		must(t, err)
		if len(faults) > 0 {
			t.Errorf("faults beside row %d: %v", seq, faults)
		}
	}
	done, err := p.Prunings(t.Context())
	must(t, err)
	if len(done) != 1 || ledger.Unsigned(done, public(signer(1))) != nil || short(ledger.Unsigned(done, public(signer(2))))[0] != "prunings 1 inserted" {
		t.Errorf("prunings %+v", done)
	}
	wantGoesOn(t, p, dsn, all)
}

// wantGoesOn adds to what was pruned and prunes once more, to the very end.
func wantGoesOn(t *testing.T, p *ledger.Postgres, dsn string, all []ledger.Checkpoint) {
	t.Helper()
	plan, err := p.PlanPruning(t.Context(), retention(21, all))
	must(t, err)
	if plan.Rows != 0 || plan.Old != 3 {
		t.Errorf("plan %+v, want three old rows that no checkpoint covers", plan)
	}
	plan, err = p.PlanPruning(t.Context(), retention(60, all))
	must(t, err)
	must(t, p.Prune(t.Context(), &plan.Pruning))
	wantSound(t, p, all, "pruned to the end")
	for _, i := range []int{26, 27, 26} {
		b, err := agedBatch(i)
		must(t, err)
		must(t, p.Judge(t.Context(), b))
	}
	if got, want := left(t, dsn), "26 to 27, 2 in verdicts_21"; got != want {
		t.Errorf("left %s, want %s", got, want)
	}
	wantSound(t, p, all, "gone on")
}

func wantSound(t *testing.T, p *ledger.Postgres, all []ledger.Checkpoint, when string) {
	t.Helper()
	faults, err := p.VerifyFrom(t.Context(), ledger.Remembered(all))
	must(t, err)
	if len(faults) > 0 {
		t.Errorf("%s: %v", when, faults)
	}
}

// Whatever is dropped without a pruning, or changed behind one, is named.
func TestPruneIsNoWayAround(t *testing.T) {
	dsn, all := aged(t)
	p := open(t, dsn)
	plan, err := p.PlanPruning(t.Context(), retention(20, all))
	must(t, err)
	must(t, p.Prune(t.Context(), &plan.Pruning))
	const rewritten = `update setpoint.prunings set %[1]s; update setpoint.prunings set hash = setpoint.chain_hash('prunings', seq, prev_hash, body);
		update setpoint.heads set hash = (select hash from setpoint.prunings) where chain = 'prunings'`
	conn := connect(t, dsn)
	for _, c := range []struct {
		name, sql string
		want      []string
	}{
		{"nothing", ``, nil},
		{"more is dropped", `delete from setpoint.verdicts where seq = 18`, []string{"verdicts 18 deleted"}},
		{"a part is dropped", `drop table setpoint.verdicts_11`, []string{"verdicts 18–20 deleted"}},
		{"the pruning is taken back", `delete from setpoint.prunings;` + moveHead("prunings", 0), []string{"verdicts 1–17 deleted"}},
		{"its words", `update setpoint.prunings set body = replace(body, 'ann', 'bob')`, []string{"prunings 1 altered"}},
		{"its end", `delete from setpoint.verdicts where seq = 18;` + fmt.Sprintf(rewritten, `body = replace(body, '"through":17', '"through":18'), through = 18`),
			[]string{"prunings 1 altered", "verdicts 1–18 deleted"}},
		{"a row that was dropped is back", `insert into setpoint.verdicts select 17, prev_hash, hash, replace(body, '"v18"', '"v17"'), 'v17', at, until, count, keys from setpoint.verdicts where seq = 18`, []string{"verdicts 17 altered"}},
	} {
		tx, err := conn.Begin(t.Context())
		must(t, err)
		tamper(t, conn, c.sql)
		must(t, second(conn.Exec(t.Context(), `set local search_path = setpoint`)))
		faults, err := ledger.VerifyInForTest(t.Context(), tx)
		must(t, err)
		if d := cmp.Diff(c.want, short(faults)); d != "" {
			t.Errorf("%s: faults (-want +got):\n%s%v", c.name, d, faults)
		}
		must(t, tx.Rollback(t.Context()))
	}
}

// Evidence is not dropped: rows that are not as they were written, or not as a
// checkpoint found them, stay.
func TestPruneKeepsEvidence(t *testing.T) {
	dsn, all := aged(t)
	p := open(t, dsn)
	other := all[1]
	other.Heads = []ledger.Head{{Chain: "verdicts", Seq: 17, Hash: ledger.Hash{9}}}
	_, err := p.PlanPruning(t.Context(), retention(20, []ledger.Checkpoint{all[0], other}))
	wantErr(t, "another checkpoint", err, ledger.ErrUnsound)
	tamper(t, connect(t, dsn), `update setpoint.verdicts set count = 9 where seq = 3`)
	_, err = p.PlanPruning(t.Context(), retention(20, all))
	wantErr(t, "a row was changed", err, ledger.ErrUnsound)
	uncovered := ledger.Pruning{Chain: "verdicts", Through: 4, By: "ann", Why: "w", Before: noon(), At: noon(), Checkpoint: all[0]}
	wantErr(t, "no checkpoint ends there", p.Prune(t.Context(), &uncovered), ledger.ErrInvalid)
	if got := left(t, dsn); !strings.HasPrefix(got, "1 to 25, 25 ") {
		t.Errorf("left %s, want everything", got)
	}
}

// Verdicts of before are in the first part, with their hashes. Room for more
// is made by whoever adds, who need not own the ledger; an ID stays one row
// over the end of a part.
func TestVerdictsMoveIntoParts(t *testing.T) {
	dsn := clustertest.DSN(t)
	must(t, ledger.Migrate(t.Context(), dsn, upTo(t, "0017")))
	owner, head := connect(t, dsn), ledger.Head{Chain: "verdicts"}
	addUpTo(t, owner, &head, 30)
	must(t, ledger.Migrate(t.Context(), dsn, migrations.Files))
	must(t, second(owner.PgConn().Exec(t.Context(), `alter table setpoint.verdicts detach partition setpoint.verdicts_1;
		alter table setpoint.verdicts attach partition setpoint.verdicts_1 for values from (1) to (1001);
		create or replace function setpoint.rows_of_part() returns bigint language sql immutable as 'select 1000::bigint'`).ReadAll()))
	writer := writerOf(t, dsn)
	p := open(t, writer)
	faults, err := p.Verify(t.Context())
	if v, wrong := p.Verdict(t.Context(), "b29.0"); err != nil || wrong != nil || len(faults) > 0 || v.Answer.Service != "shop" {
		t.Fatalf("after the migration: %v, %v, %v, %+v", faults, err, wrong, v)
	}
	addUpTo(t, connect(t, writer), &head, 1010)
	if got, want := left(t, dsn), "1 to 1010, 1010 in verdicts_1 verdicts_1001"; got != want {
		t.Errorf("left %s, want %s", got, want)
	}
	again, err := batchOf("b999", ledgertest.Verdict("shop", "v1", noon()))
	must(t, err)
	if err := ledger.AddForTest(t.Context(), owner, &head, again); err == nil || !strings.Contains(err.Error(), "verdicts b999 are on record") {
		t.Errorf("an ID of the part before: %v", err)
	}
	must(t, p.Judge(t.Context(), again))
	if got := left(t, dsn); !strings.HasPrefix(got, "1 to 1010, 1010 ") {
		t.Errorf("%s after an ID came twice", got)
	}
	refused(t, owner, "a part", `update setpoint.verdicts_1001 set count = 9`)
	refused(t, owner, "a row of a part", `delete from setpoint.verdicts_1001`)
	refused(t, owner, "all of a part", `truncate setpoint.verdicts_1001`)
}

// addUpTo adds rows, as an instance does, until there are so many.
func addUpTo(t *testing.T, conn *pgx.Conn, head *ledger.Head, rows int64) {
	t.Helper()
	must(t, second(conn.Exec(t.Context(), `set search_path = setpoint`)))
	for head.Seq < rows {
		b, err := batchOf(fmt.Sprint("b", head.Seq), ledgertest.Verdict("shop", "v1", noon()))
		must(t, err)
		must(t, ledger.AddForTest(t.Context(), conn, head, b))
	}
}
