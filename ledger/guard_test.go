package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"setpoint.dev/setpoint/ledger"
	"setpoint.dev/setpoint/ledger/cluster/clustertest"
	"setpoint.dev/setpoint/ledger/ledgertest"
	"setpoint.dev/setpoint/loop"
)

func noon() time.Time { return time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC) }

// chained are the tables that are only added to.
func chained() []string {
	return []string{"decisions", "definitions", "deploys", "leadership", "orders", "outcomes", "prunings", "sendings", "settings", "tokens", "verdicts", "versions"}
}

// connect is a superuser's session beside the ledger.
func connect(t *testing.T, dsn string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	return conn
}

// populated is a ledger with rows in every table, and a session beside it.
func populated(t *testing.T) (string, *pgx.Conn) {
	t.Helper()
	dsn := clustertest.Prepared(t, "populated", populate)
	return dsn, connect(t, dsn)
}

func populate(dsn string) error {
	p, err := ledger.Open(ledger.Config{DSN: dsn})
	if err != nil {
		return err
	}
	defer p.Close()
	ctx := context.Background()
	token, _ := ledger.NewToken(ledger.Token{Name: "ci", Scopes: []string{"gate"}, By: "ann", At: noon(), Expires: noon().Add(time.Hour)})
	err = errors.Join(
		second(p.Lead(ctx)),
		p.Define(ctx, "sha256:1f", []byte("text")),
		p.Revise(ctx, []loop.Version{ledgertest.Version("checkout", "a", -1)}),
		p.AddToken(ctx, token),
		second(p.AddDeploy(ctx, loop.Deploy{ID: "d1", Service: "shop", Release: "v1", At: noon(), Tool: "api"})))
	for i := range 6 {
		id, when := fmt.Sprintf("d%d", i+1), noon().Add(time.Duration(i)*time.Minute)
		move := ledgertest.Move(id, when, float64(i)/4)
		batch, wrong := batchOf("v"+id, ledgertest.Verdict("shop", id, when), ledgertest.Verdict("cart", id, when))
		err = errors.Join(err, wrong,
			p.Begin(ctx, move),
			p.Give(ctx, ledgertest.Order(fmt.Sprintf("o%d", i+1), when, loop.OrderFreeze, "shop")),
			p.PutSetting(ctx, loop.Move{Actuator: move.Actuator, Setting: move.To, Term: loop.Term{Epoch: 1}, Decision: id, At: when}),
			p.Finish(ctx, loop.Outcome{Decision: id, At: when, Applied: true, ReadBack: move.To}),
			second(p.BeginSendings(ctx, ledgertest.Sending(id, when))),
			p.Judge(ctx, batch))
	}
	return errors.Join(err, p.Begin(ctx, ledgertest.Hold("h1", noon().Add(time.Hour))))
}

// batchOf is a batch of verdicts.
func batchOf(id string, verdicts ...loop.Verdict) (ledger.Batch, error) {
	var all []ledger.Encoded
	for _, v := range verdicts {
		e, err := ledger.EncodeVerdict(v)
		if err != nil {
			return ledger.Batch{}, err
		}
		all = append(all, e)
	}
	return ledger.NewBatch(id, all...)
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func second[T any](_ T, err error) error { return err }

// The database itself refuses to change or drop rows, whoever asks, in
// whatever way that leaves the triggers enabled.
func TestRowsCannotBeChanged(t *testing.T) {
	_, conn := populated(t)
	commands := map[string]string{
		"UPDATE":        "update setpoint.%s set body = body",
		"UPDATE none":   "update setpoint.%s set body = body where false",
		"DELETE":        "delete from setpoint.%s",
		"TRUNCATE":      "truncate setpoint.%s cascade",
		"UPDATE replay": "set local session_replication_role = replica; update setpoint.%s set body = body",
		"DELETE replay": "set local session_replication_role = replica; delete from setpoint.%s",
		"UPSERT":        "insert into setpoint.%[1]s select * from setpoint.%[1]s limit 1 on conflict (seq) do update set body = excluded.body",
	}
	for _, table := range chained() {
		for name, command := range commands {
			refused(t, conn, name+" "+table, fmt.Sprintf(command, table))
		}
	}
	refused(t, conn, "UPDATE heads", "update setpoint.heads set seq = seq + 1")
	refused(t, conn, "DELETE heads", "delete from setpoint.heads")
	refused(t, conn, "TRUNCATE heads", "truncate setpoint.heads")
}

func refused(t *testing.T, conn *pgx.Conn, name, sql string) {
	t.Helper()
	_, err := conn.PgConn().Exec(t.Context(), "begin; "+sql+"; rollback").ReadAll()
	conn.Exec(t.Context(), "rollback")
	var pg *pgconn.PgError
	if !errors.As(err, &pg) || pg.Code != "42501" || !strings.Contains(pg.Message, "insert-only") {
		t.Errorf("%s: %v, want a refusal that says why", name, err)
	}
}

// A row that skips a number, or continues another row, is refused.
func TestChainCannotFork(t *testing.T) {
	_, conn := populated(t)
	for name, end := range map[string]string{
		"gap":          "select seq + 1 as seq, hash from setpoint.heads where chain = 'orders'",
		"fork":         "select seq, prev_hash as hash from setpoint.orders where seq = 6",
		"other parent": "select seq, sha256('') as hash from setpoint.heads where chain = 'orders'",
	} {
		err := insert(t, conn, end, "orders", validRow("orders"))
		var pg *pgconn.PgError
		if !errors.As(err, &pg) || pg.ConstraintName != "orders_continue_chain" {
			t.Errorf("%s: %v, want orders_continue_chain", name, err)
		}
	}
	wrong := validRow("orders")
	wrong["hash"] = `sha256('')`
	var pg *pgconn.PgError
	if err := insert(t, conn, endOf("orders"), "orders", wrong); !errors.As(err, &pg) || pg.ConstraintName != "orders_continue_chain" {
		t.Errorf("wrong hash: %v, want orders_continue_chain", err)
	}
	must(t, insert(t, conn, endOf("orders"), "orders", validRow("orders")))
}

// Every CHECK of the schema is provoked by a row that breaks it and nothing
// before it; one without such a row fails the test.
func TestEveryCheckRefuses(t *testing.T) {
	_, conn := populated(t)
	provoked := map[string]bool{}
	for _, b := range breaches() {
		row := validRow(b.table)
		maps.Copy(row, b.row)
		err := insert(t, conn, endOf(b.table), b.table, row)
		var pg *pgconn.PgError
		if !errors.As(err, &pg) || pg.Code != "23514" {
			t.Errorf("%s with %v: %v, want a CHECK violation", b.table, b.row, err)
			continue
		}
		provoked[pg.ConstraintName] = true
	}
	rows, err := conn.Query(t.Context(), `select conname from pg_constraint where contype = 'c' and connamespace = 'setpoint'::regnamespace
		and conrelid in (select oid from pg_class where relname = any($1)) order by 1`, append(chained(), "hours", "days", "objectives"))
	must(t, err)
	want, err := pgx.CollectRows(rows, pgx.RowTo[string])
	must(t, err)
	want = append(want, "outcomes_fit_decision")
	for name := range provoked {
		if !slices.Contains(want, name) {
			t.Errorf("%s was provoked, which is no constraint of the schema", name)
		}
	}
	for _, name := range want {
		if !provoked[name] && !unreachable(name) {
			t.Errorf("nothing provokes %s", name)
		}
	}
}

// unreachable names the constraints that a row cannot break alone, because
// continue_chain refuses it before.
func unreachable(constraint string) bool {
	return strings.HasSuffix(constraint, "_seq_check") || strings.HasSuffix(constraint, "_hash_check")
}

type breach struct {
	table string
	row   map[string]string // :: column → SQL
}

func breaches() []breach {
	var out []breach
	add := func(table string, rows ...map[string]string) {
		for _, r := range rows {
			out = append(out, breach{table, r})
		}
	}
	add("decisions", breachedDecisions()...)
	add("orders", breachedOrders()...)
	add("outcomes", breachedOutcomes()...)
	add("definitions", map[string]string{"policy": `''`, "body": `'{"policy":""}'`}, map[string]string{"body": `'{"policy":"y"}'`})
	add("deploys", map[string]string{"body": `'{}'`}, map[string]string{"body": tooLong("id", "new")}, map[string]string{"id": `''`, "body": `'{"id":""}'`}, map[string]string{"service": `''`})
	add("leadership", map[string]string{"epoch": "0"}, map[string]string{"holder": `''`}, map[string]string{"timeline": "-1"})
	add("prunings", map[string]string{"chain": `'orders'`}, map[string]string{"through": "0", "body": `'{"through":0}'`}, map[string]string{"by": `' '`}, map[string]string{"body": `'{}'`}, map[string]string{"body": tooLong("through", "9")})
	add("sendings", map[string]string{"body": `'{}'`}, map[string]string{"body": tooLong("id", "new")}, map[string]string{"id": `''`, "body": `'{"id":""}'`}, map[string]string{"report": `''`}, map[string]string{"target": `''`},
		map[string]string{"ended": `'lost'`}, map[string]string{"epoch": "-1"}, map[string]string{"epoch": "0"}, map[string]string{"by": `'ann'`})
	add("settings", map[string]string{"actuator": `''`}, map[string]string{"value": `'nan'`}, map[string]string{"epoch": "0"})
	add("tokens", map[string]string{"body": `'{}'`}, map[string]string{"body": tooLong("id", "new")}, map[string]string{"id": `''`, "body": `'{"id":""}'`}, map[string]string{"name": `' '`}, map[string]string{"expires": `'2026-01-01'`})
	add("verdicts", map[string]string{"body": `'{"id":"other"}'`}, map[string]string{"body": tooLong("id", "new")}, map[string]string{"id": `''`, "body": `'{"id":""}'`},
		map[string]string{"until": `'2026-01-01'`}, map[string]string{"count": "0"})
	add("versions", map[string]string{"objective": `''`, "body": `'{"objective":""}'`}, map[string]string{"version": `''`}, map[string]string{"body": `'{}'`}, map[string]string{"body": tooLong("objective", "o")})
	add("hours", map[string]string{"packed": `''`})
	add("days", map[string]string{"hours": `''`})
	add("objectives", map[string]string{"name": `''`})
	return out
}

func breachedDecisions() []map[string]string {
	return []map[string]string{
		{"body": `'{"id":"other"}'`}, {"body": tooLong("id", "new")}, {"id": `''`, "body": `'{"id":""}'`},
		{"loop": `''`}, {"actuator": `''`}, {"mode": `'auto'`}, {"verb": `'jump'`, `"to"`: "1"}, {"reason": `''`}, {"policy": `''`}, {"epoch": "0"},
		{`"from"`: `'nan'`, `"to"`: `'nan'`}, {"wanted": `'-infinity'`}, {`"to"`: `'infinity'`, "verb": `'relax'`},
		{`"to"`: "1"}, {"verb": `'tighten'`}, {"verb": `'tighten'`, `"to"`: "1", "mode": `'observe'`}, {"verb": `'tighten'`, `"to"`: "1", "unreadable": "true"},
	}
}

func breachedOutcomes() []map[string]string {
	ofHold := func(until, ticks, applied string) map[string]string {
		return map[string]string{"body": `'{"decision":"h1"}'`, "decision": `'h1'`, "until": until, "ticks": ticks, "applied": applied}
	}
	return []map[string]string{
		{"body": `'{}'`}, {"body": tooLong("decision", "d1")}, {"read_back": `'infinity'`},
		{"ticks": "3"}, {"until": "now()", "ticks": "3", "applied": "false"},
		ofHold("now()", "-1", "false"), ofHold("now()", "0", "false"), ofHold("now()", "1", "true"), ofHold("null", "0", "true"),
	}
}

func breachedOrders() []map[string]string {
	return []map[string]string{
		{"body": `'{"id":"other"}'`}, {"body": tooLong("id", "new")}, {"id": `''`, "body": `'{"id":""}'`},
		{"kind": `'panic'`}, {"target": `''`}, {"by": `' '`}, {"why": `' '`}, {"until": `'2026-01-01'`}, {"setting": "1"},
		{"setting": `'nan'`, "kind": `'pin'`, "until": `'2026-01-03'`}, {"setting": "1", "kind": `'pin'`, "target": `'*'`, "until": `'2026-01-03'`},
		{"setting": "1", "kind": `'pin'`}, {"setting": "1", "kind": `'approve'`},
		{"kind": `'thaw'`, "until": `'2026-01-03'`}, {"revert": "true"}, {"kind": `'adjust'`}, {"kind": `'annotate'`},
	}
}

func tooLong(key, id string) string {
	return fmt.Sprintf(`'{"%s":"%s","words":"' || repeat('x', 1048576) || '"}'`, key, id)
}

// validRow is a row that the database takes: SQL by column.
func validRow(table string) map[string]string {
	switch table {
	case "decisions":
		return map[string]string{"body": `'{"id":"new"}'`, "id": `'new'`, "at": "now()", "loop": `'l'`, "actuator": `'a'`, "mode": `'act'`, "verb": `'hold'`,
			"reason": `'r'`, "words": `''`, `"from"`: "2", "wanted": "2", `"to"`: "2", "unreadable": "false", "policy": `'p'`, "epoch": "1"}
	case "outcomes":
		return map[string]string{"body": `'{"decision":"d1"}'`, "decision": `'d1'`, "at": "now()", "applied": "true", "read_back": "1", "error": `''`, "ticks": "0", "until": "null"}
	case "orders":
		return map[string]string{"body": `'{"id":"new"}'`, "id": `'new'`, "at": `'2026-01-02'`, "kind": `'freeze'`, "target": `'shop'`, "by": `'b'`, "why": `'w'`,
			"until": "null", "setting": "null", "revert": "false"}
	case "definitions":
		return map[string]string{"body": `'{"policy":"p"}'`, "policy": `'p'`}
	case "deploys":
		return map[string]string{"body": `'{"id":"new"}'`, "id": `'new'`, "service": `'shop'`, "at": "now()"}
	case "leadership":
		return map[string]string{"body": `'{}'`, "epoch": "9", "holder": `'h'`, "at": "now()"}
	case "prunings":
		return map[string]string{"body": `'{"through":9}'`, "chain": `'verdicts'`, "through": "9", "by": `'b'`, "at": "now()"}
	case "sendings":
		return map[string]string{"body": `'{"id":"new"}'`, "id": `'new'`, "report": `'r'`, "target": `'t'`, "at": "now()", "until": "now()", "ended": `''`, "epoch": "1", "by": `''`}
	case "settings":
		return map[string]string{"body": `'{}'`, "actuator": `'a'`, "value": "1", "epoch": "1", "decision": `'d1'`, "at": "now()"}
	case "tokens":
		return map[string]string{"body": `'{"id":"new"}'`, "id": `'new'`, "name": `'ci'`, "at": `'2026-01-02'`, "expires": `'2026-01-03'`, "revoked": "null"}
	case "verdicts":
		return map[string]string{"body": `'{"id":"new"}'`, "id": `'new'`, "at": `'2026-01-02'`, "until": `'2026-01-02'`, "count": "1", "keys": `'s shop'`}
	case "versions":
		return map[string]string{"body": `'{"objective":"o"}'`, "objective": `'o'`, "version": `'v'`, "since": "null", "at": "now()"}
	case "hours":
		return map[string]string{"objective": "1", "hour": "1", "packed": `'\\x00'`}
	case "days":
		return map[string]string{"objective": "1", "day": "1", "hours": `'\\x00'`}
	}
	return map[string]string{"name": `'checkout'`}
}

func endOf(table string) string {
	return fmt.Sprintf("select seq, hash from setpoint.heads where chain = '%s'", table)
}

// insert adds a row by hand, with the right number and hashes for the end of
// the chain that it is told, and undoes it.
func insert(t *testing.T, conn *pgx.Conn, end, table string, row map[string]string) error {
	t.Helper()
	if slices.Contains(chained(), table) {
		row["seq"], row["prev_hash"] = "h.seq + 1", "h.hash"
		if row["hash"] == "" {
			row["hash"] = fmt.Sprintf("setpoint.chain_hash('%s', h.seq + 1, h.hash, %s)", table, row["body"])
		}
	} else {
		end = "select 1"
	}
	names := slices.Sorted(maps.Keys(row))
	values := make([]string, len(names))
	for i, name := range names {
		values[i] = row[name]
	}
	tx, err := conn.Begin(t.Context())
	must(t, err)
	defer tx.Rollback(t.Context())
	_, err = tx.Exec(t.Context(), fmt.Sprintf("insert into setpoint.%s (%s) select %s from (%s) h", table, strings.Join(names, ", "), strings.Join(values, ", "), end))
	return err
}

// The rows that the tests above spoil are taken when they are not spoilt.
func TestValidRowsAreTaken(t *testing.T) {
	_, conn := populated(t)
	for _, table := range chained() {
		row := validRow(table)
		if table == "settings" {
			row["decision"] = `'d1'` // carried out already: refused by the unique key alone
			var pg *pgconn.PgError
			if err := insert(t, conn, endOf(table), table, row); !errors.As(err, &pg) || pg.Code != "23505" {
				t.Errorf("%s: %v, want a violated unique key", table, err)
			}
			continue
		}
		if err := insert(t, conn, endOf(table), table, row); err != nil {
			t.Errorf("%s: %v", table, err)
		}
	}
}
