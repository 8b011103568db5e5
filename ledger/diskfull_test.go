//go:build linux

package ledger_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"setpoint.dev/setpoint/ledger"
	"setpoint.dev/setpoint/ledger/ledgertest"
)

var diskFull = flag.Bool("disk-full", false, "TestDiskFull fills a file system of its own; root only")

// TestDiskFull fills the file system that verdicts are on, really: it is an
// outage, what was acknowledged stays, old verdicts can be dropped, and then it
// goes on, for there is room. `make disk-full` runs it, since only root may
// mount.
func TestDiskFull(t *testing.T) {
	if !*diskFull {
		return
	}
	dsn := fresh(t)
	must(t, inTens(dsn))
	p, conn := open(t, dsn), connect(t, dsn)
	onSmallDisk(t, conn, "verdicts_1", "verdicts_11", "verdicts_21")
	kept, err := 0, error(nil)
	for ; kept < 1400 && err == nil; kept++ {
		err = p.Judge(t.Context(), large(t, kept))
	}
	kept--
	if !errors.Is(err, ledger.ErrDown) || !strings.Contains(err.Error(), "53100") || kept < 20 {
		t.Fatalf("after %d batches: %v, want an outage with SQLSTATE 53100", kept, err)
	}
	must(t, p.Give(t.Context(), ledgertest.Order("o1", noon(), "freeze", "shop"))) // another table has room
	end, err := ledger.Sign([]ledger.Head{headAt(t, p, dsn, 20)}, noon(), signer(1))
	must(t, err)
	plan, err := p.PlanPruning(t.Context(), retention(20, []ledger.Checkpoint{end}))
	must(t, err)
	must(t, p.Prune(t.Context(), &plan.Pruning))
	await(t, "room", func(ctx context.Context) error { return p.Judge(ctx, large(t, kept)) })
	if got, want := left(t, dsn), fmt.Sprintf("21 to %d, %d in verdicts_21", kept+1, kept-19); got != want {
		t.Errorf("on record are %s, want %s", got, want)
	}
	wantSound(t, p, []ledger.Checkpoint{end}, "afterwards")
}

// onSmallDisk moves tables to a file system of 4 MB.
func onSmallDisk(t *testing.T, conn *pgx.Conn, tables ...string) {
	t.Helper()
	disk, data := mountSmall(t), ""
	must(t, conn.QueryRow(t.Context(), `show data_directory`).Scan(&data))
	run(t, "chown", "--reference="+data, disk)
	must(t, second(conn.Exec(t.Context(), `create tablespace small location '`+disk+`'`)))
	for _, name := range tables {
		must(t, second(conn.Exec(t.Context(), `alter table setpoint.`+name+` set tablespace small`)))
	}
}

// large is a batch that takes room.
func large(t *testing.T, i int) ledger.Batch {
	t.Helper()
	v := ledgertest.Verdict("shop", fmt.Sprint("v", i), noon())
	for n := range 2000 { // text that does not compress away
		v.Answer.Words += fmt.Sprint(i*7919+n*104729, " ")
	}
	b, err := batchOf(fmt.Sprint("b", i), v)
	must(t, err)
	return b
}

// mountSmall is a file system of 4 MB.
func mountSmall(t *testing.T) string {
	t.Helper()
	disk := filepath.Join(t.TempDir(), "disk")
	must(t, os.Mkdir(disk, 0o755))
	run(t, "chmod", "755", filepath.Dir(disk), filepath.Dir(filepath.Dir(disk)))
	run(t, "mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", disk)
	t.Cleanup(func() { run(t, "umount", "-l", disk) })
	return disk
}

func run(t *testing.T, name string, args ...string) {
	t.Helper()
	if text, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s %v: %v: %s", name, args, err, text)
	}
}
