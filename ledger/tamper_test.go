package ledger_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"setpoint.dev/setpoint/ledger"
)

// rehash gives row $1 of decisions the hash that its content now has.
const rehash = `update setpoint.decisions set hash = setpoint.chain_hash('decisions', seq, prev_hash, body) where seq = %d;`

// A superuser who switches the triggers off can do anything. Whatever it is,
// the rows are named.
func TestVerifyNamesWhatASuperuserDid(t *testing.T) {
	tests := []struct {
		name, sql string
		want      []string // table, row, kind
	}{
		{"nothing", ``, nil},
		{"body", `update setpoint.decisions set body = replace(body, 'burning', 'drowned') where seq = 3`, []string{"decisions 3 altered"}},
		{"column", `update setpoint.decisions set words = 'never mind' where seq = 3`, []string{"decisions 3 altered"}},
		{"column that counts", `update setpoint.outcomes set applied = false where seq = 2`, []string{"outcomes 2 altered"}},
		{"column that is a time", `update setpoint.orders set until = '2026-06-01' where seq = 1`, []string{"orders 1 altered"}},
		{"body and hash", `update setpoint.decisions set body = replace(body, 'burning', 'drowned'), reason = 'drowned' where seq = 3;` + fmt.Sprintf(rehash, 3), []string{"decisions 3 altered"}},
		{"body and hash of the last", `update setpoint.decisions set body = replace(body, '"d6"', '"d9"'), id = 'd9' where seq = 6;` + fmt.Sprintf(rehash, 6),
			[]string{"decisions 6 altered", "outcomes 6 deleted", "settings 6 deleted"}},
		{"hash", `update setpoint.orders set hash = sha256('') where seq = 2`, []string{"orders 2 altered"}},
		{"hash of the row before", `update setpoint.orders set prev_hash = sha256('') where seq = 2`, []string{"orders 2 altered"}},
		{"delete", `delete from setpoint.orders where seq = 4`, []string{"orders 4 deleted"}},
		{"delete several", `delete from setpoint.orders where seq in (2, 3, 5)`, []string{"orders 2–3 deleted", "orders 5 deleted"}},
		{"delete the first", `delete from setpoint.orders where seq = 1`, []string{"orders 1 deleted"}},
		{"cut off the end", `delete from setpoint.orders where seq > 4`, []string{"orders 5–6 deleted"}},
		{"cut off everything", `delete from setpoint.orders`, []string{"orders 1–6 deleted"}},
		{"cut off the end with its head", `delete from setpoint.decisions where seq > 5;` + moveHead("decisions", 5), []string{"outcomes 6 deleted", "settings 6 deleted"}},
		{"close up after a delete", `delete from setpoint.orders where seq = 4; update setpoint.orders set seq = seq - 1 where seq > 4`, []string{"orders 4 reordered", "orders 5 reordered", "orders 6 deleted"}},
		{"swap two rows", `update setpoint.orders set seq = seq + 100 where seq in (2, 5); update setpoint.orders set seq = 107 - seq where seq > 100`, []string{"orders 2 reordered", "orders 5 reordered"}},
		{"swap two bodies", `alter table setpoint.orders drop constraint orders_id_key; update setpoint.orders o set body = x.body, id = x.id, at = x.at from setpoint.orders x where o.seq in (2, 5) and x.seq = 7 - o.seq`, []string{"orders 2 reordered", "orders 5 reordered"}},
		{"insert at the end", `insert into setpoint.orders select seq + 1, hash, setpoint.chain_hash('orders', seq + 1, hash, '{"id":"x"}'), '{"id":"x"}', 'x', at, kind, target, by, why, until, setting, revert
			from setpoint.orders where seq = 6`, []string{"orders 7 altered"}}, // its columns are not its body's, its number beyond the head
		{"insert a row that is well made", insertCopy, []string{"definitions 2 inserted"}},
		{"epoch of nobody", `delete from setpoint.leadership;` + moveHead("leadership", 0), []string{"decisions 1 deleted", "decisions 2 deleted", "decisions 3 deleted", "decisions 4 deleted", "decisions 5 deleted", "decisions 6 deleted", "decisions 7 deleted"}},
		{"setting", `update setpoint.settings set value = 9 where seq = 6`, []string{"settings 6 altered", "settings 6 deleted"}},
		{"version", `update setpoint.versions set since = '2026-01-01'`, []string{"versions 1 altered"}},
		{"definition", `update setpoint.definitions set body = replace(body, 'text', 'test')`, []string{"definitions 1 altered"}},
	}
	_, conn := populated(t)
	must(t, second(conn.Exec(t.Context(), `set search_path = setpoint`)))
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			tx, err := conn.Begin(t.Context()) // undone, for the next one
			must(t, err)
			defer tx.Rollback(context.Background())
			tamper(t, conn, test.sql)
			faults, err := ledger.VerifyInForTest(t.Context(), tx)
			must(t, err)
			if d := cmp.Diff(test.want, short(faults)); d != "" {
				t.Errorf("faults (-want +got):\n%s%v", d, faults)
			}
		})
	}
}

// What was done to a row is seen from the row and from those beside it alone.
func TestBesideNamesWhatASuperuserDid(t *testing.T) {
	dsn, conn := populated(t)
	p := open(t, dsn)
	tamper(t, conn, `update setpoint.decisions set body = replace(body, 'burning', 'drowned'), reason = 'drowned' where seq = 3;`+fmt.Sprintf(rehash, 3)+`delete from setpoint.decisions where seq = 6`)
	for seq, want := range map[int64][]string{
		1: nil, 2: nil, // whether 3 continues 2 is all that is looked at of it
		3: {"decisions 3 altered"}, 4: {"decisions 3 altered"},
		5: {"decisions 6 deleted"}, 6: {"decisions 6 deleted"}, 7: {"decisions 6 deleted"},
	} {
		faults, err := p.Beside(t.Context(), "decisions", seq)
		must(t, err)
		if d := cmp.Diff(want, short(faults)); d != "" {
			t.Errorf("faults beside row %d (-want +got):\n%s%v", seq, d, faults)
		}
	}
}

const insertCopy = `insert into setpoint.definitions select h.seq + 1, h.hash, setpoint.chain_hash('definitions', h.seq + 1, h.hash, b.body), b.body, 'sha256:3c'
	from setpoint.heads h, (values ('{"policy":"sha256:3c","text":"mine"}')) b(body) where h.chain = 'definitions'`

func moveHead(chain string, seq int) string {
	return fmt.Sprintf(`update setpoint.heads set seq = %[2]d, hash = coalesce((select hash from setpoint.%[1]s where seq = %[2]d), decode(repeat('00', 32), 'hex')) where chain = '%[1]s'`, chain, seq)
}

// A chain that was rewritten from a row to its end, heads included, is only
// found out by a head that was kept elsewhere.
func TestVerifyFromARememberedHead(t *testing.T) {
	dsn, conn := populated(t)
	p := open(t, dsn)
	heads, err := p.Heads(t.Context())
	must(t, err)
	tamper(t, conn, `delete from setpoint.orders where seq > 4;`+moveHead("orders", 4))
	faults, err := p.Verify(t.Context())
	must(t, err)
	if len(faults) != 0 {
		t.Errorf("without a remembered head: %v, want nothing", faults)
	}
	faults, err = p.VerifyFrom(t.Context(), heads)
	must(t, err)
	if d := cmp.Diff([]string{"orders 5–6 deleted"}, short(faults)); d != "" {
		t.Errorf("faults (-want +got):\n%s", d)
	}
}

// An order that decisions obeyed cannot be made to disappear.
func TestVerifyMissesObeyedOrders(t *testing.T) {
	dsn, conn := populated(t)
	must(t, second(conn.Exec(t.Context(), `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'setpoint lead'`)))
	p := open(t, dsn)
	d := hold("d8")
	stop := orderOf("o7")
	d.Input.Conditions.Stop = &stop
	must(t, p.Give(t.Context(), stop))
	d.Input.Term = takeOver(t, p)
	must(t, p.Begin(t.Context(), d))
	tamper(t, conn, `delete from setpoint.orders where seq > 6;`+moveHead("orders", 6))
	faults, err := p.Verify(t.Context())
	must(t, err)
	if len(faults) != 1 || faults[0].Table != "decisions" || faults[0].ID != "o7" {
		t.Errorf("faults %v, want the order o7 missed by decision 8", faults)
	}
}

// tamper does what the triggers refuse.
func tamper(t *testing.T, conn *pgx.Conn, sql string) {
	t.Helper()
	rows, err := conn.Query(t.Context(), `select c.relname from pg_inherits join pg_class c on c.oid = inhrelid where inhparent = 'setpoint.verdicts'::regclass`)
	must(t, err)
	parts, err := pgx.CollectRows(rows, pgx.RowTo[string])
	must(t, err)
	var script strings.Builder
	each := func(command string) {
		for _, table := range append(append(chained(), "heads"), parts...) {
			fmt.Fprintf(&script, "alter table if exists setpoint.%s %s trigger all;", table, command) // sql may drop a part
		}
	}
	each("disable")
	script.WriteString(sql + ";")
	each("enable")
	if _, err := conn.PgConn().Exec(t.Context(), script.String()).ReadAll(); err != nil {
		t.Fatalf("tamper: %v", err)
	}
}

func short(faults []ledger.Fault) []string {
	var out []string
	for _, f := range faults {
		where := fmt.Sprint(f.Seq)
		if f.Last > f.Seq {
			where = fmt.Sprintf("%d–%d", f.Seq, f.Last)
		}
		out = append(out, fmt.Sprintf("%s %s %s", f.Table, where, f.Kind))
	}
	return out
}
