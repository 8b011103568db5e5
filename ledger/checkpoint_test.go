package ledger_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"setpoint.dev/setpoint/ledger"
)

// signer is a key that is the same in each run.
func signer(seed byte) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{seed}, ed25519.SeedSize))
}

func public(key ed25519.PrivateKey) ed25519.PublicKey { return key.Public().(ed25519.PublicKey) }

// checkpoints are lines of a file, each of where the chains ended.
func checkpoints(t *testing.T, key ed25519.PrivateKey, all ...[]ledger.Head) string {
	t.Helper()
	var out strings.Builder
	for _, heads := range all {
		c, err := ledger.Sign(heads, noon(), key)
		must(t, err)
		line, err := json.Marshal(c)
		must(t, err)
		fmt.Fprintf(&out, "%s\n", line)
	}
	return out.String()
}

// Somebody with all rights rewrites a chain to its end, hashes and head
// included. The database alone cannot tell; a checkpoint can.
func TestCheckpointSeesAChainThatWasMadeAnew(t *testing.T) {
	dsn, conn := populated(t)
	p := open(t, dsn)
	heads, err := p.Heads(t.Context())
	must(t, err)
	file := checkpoints(t, signer(1), heads)
	tamper(t, conn, `delete from setpoint.orders where seq = 6;`+moveHead("orders", 5))

	alone, err := p.Verify(t.Context())
	must(t, err)
	remembered, err := ledger.ReadCheckpoints(strings.NewReader(file), public(signer(1)))
	must(t, err)
	faults, err := p.VerifyFrom(t.Context(), ledger.Remembered(remembered))
	must(t, err)
	if diff := cmp.Diff([]string{"orders 6 deleted"}, short(faults)); diff != "" || len(alone) != 0 || len(remembered) != 1 {
		t.Errorf("alone %v; with %d checkpoints (-want +got):\n%s", alone, len(remembered), diff)
	}
}

func TestReadCheckpoints(t *testing.T) {
	heads := []ledger.Head{{Chain: "orders", Seq: 6, Hash: ledger.Hash{1}}}
	good := checkpoints(t, signer(1), heads, heads)
	for _, c := range []struct {
		name, text string
		n          int
		forged     bool
		says       string
	}{
		{"none", "", 0, false, ""},
		{"two", good + "\n", 2, false, ""},
		{"of another key", checkpoints(t, signer(2), heads), 0, true, "line 1"},
		{"changed", strings.Replace(good, `"seq":6`, `"seq":5`, 1), 0, true, "line 1"},
		{"cut off", good[:len(good)-20], 0, false, "line 2"},
		{"endless", strings.Repeat("x", 1<<20), 0, false, "token too long"},
	} {
		all, err := ledger.ReadCheckpoints(strings.NewReader(c.text), public(signer(1)))
		if len(all) != c.n || errors.Is(err, ledger.ErrForged) != c.forged || (err != nil) != (c.says != "") || err != nil && !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, %v; want %d and an error with %q", c.name, all, err, c.n, c.says)
		}
	}
}

func FuzzReadCheckpoints(f *testing.F) {
	c, err := ledger.Sign([]ledger.Head{{Chain: "orders", Seq: 6}}, noon(), signer(1))
	must(f, err)
	line, err := json.Marshal(c)
	must(f, err)
	f.Add(line)
	f.Add([]byte(`{"at":"x"}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		all, err := ledger.ReadCheckpoints(bytes.NewReader(text), public(signer(1)))
		if err == nil && len(all) > 0 && !bytes.Contains(text, []byte(`orders`)) {
			t.Errorf("%v of %q that nobody signed", all, text)
		}
	})
}
