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

	"setpoint.dev/setpoint/ledger"
	"setpoint.dev/setpoint/ledger/ledgertest"
)

var diskFull = flag.Bool("disk-full", false, "TestDiskFull fills a file system of its own; root only")

// TestDiskFull fills the file system that verdicts are on, really: it is an
// outage, what was acknowledged stays, and it goes on when there is room.
// `make disk-full` runs it, since only root may mount.
func TestDiskFull(t *testing.T) {
	if !*diskFull {
		return
	}
	disk := mountSmall(t)
	dsn := fresh(t)
	p, conn := open(t, dsn), connect(t, dsn)
	var data string
	must(t, conn.QueryRow(t.Context(), `show data_directory`).Scan(&data))
	run(t, "chown", "--reference="+data, disk)
	must(t, second(conn.Exec(t.Context(), `create tablespace small location '`+disk+`'`)))
	must(t, second(conn.Exec(t.Context(), `alter table setpoint.verdicts_1 set tablespace small`)))
	kept, err := 0, error(nil)
	for ; kept < 5000 && err == nil; kept++ {
		err = p.Judge(t.Context(), large(t, kept))
	}
	kept--
	if !errors.Is(err, ledger.ErrDown) || !strings.Contains(err.Error(), "53100") || kept == 0 {
		t.Fatalf("after %d batches: %v, want an outage with SQLSTATE 53100", kept, err)
	}
	must(t, p.Give(t.Context(), ledgertest.Order("o1", noon(), "freeze", "shop"))) // another table has room
	run(t, "mount", "-o", "remount,size=64m", disk)
	await(t, "room", func(ctx context.Context) error { return p.Judge(ctx, large(t, kept)) })
	heads, err := p.Heads(t.Context())
	must(t, err)
	for _, h := range heads {
		if h.Chain == "verdicts" && h.Seq != int64(kept)+1 {
			t.Errorf("%d batches on record, want %d", h.Seq, kept+1)
		}
	}
	if faults, err := p.Verify(t.Context()); err != nil || len(faults) > 0 {
		t.Errorf("afterwards: %v, %v", faults, err)
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
