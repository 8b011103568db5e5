package ledger

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"time"

	"setpoint.dev/setpoint/loop"
)

// A Hash is the SHA-256 that a row carries.
type Hash [sha256.Size]byte

// String renders h in hexadecimal.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// MarshalText renders h in hexadecimal.
func (h Hash) MarshalText() ([]byte, error) { return []byte(h.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (h *Hash) UnmarshalText(text []byte) error {
	n, err := hex.Decode(h[:], text)
	if err == nil && n != len(h) {
		err = fmt.Errorf("%d bytes, want %d", n, len(h))
	}
	if err != nil {
		return fmt.Errorf("read hash: %w", err)
	}
	return nil
}

// A Head is the end of a chain: the number and the hash of its newest row.
// Whoever keeps a Head elsewhere can prove later that nothing before it was
// changed or cut off (VerifyFrom).
type Head struct {
	Chain string `json:"chain"`
	Seq   int64  `json:"seq"` // 0 = no row yet
	Hash  Hash   `json:"hash"`
}

// A link is one row of a chain as stored.
type link struct {
	seq    int64
	prev   Hash
	hash   Hash
	body   []byte
	values []any // of the table's columns
}

// sum is the hash of a row: SHA-256 over the chain's name, the row's number,
// the hash of the row before it (zeros for the first) and the body, a line
// each. The database computes the same (setpoint.chain_hash).
func sum(chain string, seq int64, prev Hash, body []byte) (out Hash) {
	b := make([]byte, 0, 128)
	b = append(b, chain...)
	b = append(b, '\n')
	b = strconv.AppendInt(b, seq, 10)
	b = append(b, '\n')
	b = hex.AppendEncode(b, prev[:])
	h := sha256.New()
	h.Write(append(b, '\n'))
	h.Write(body)
	h.Sum(out[:0])
	return out
}

// next is the row that continues the chain after h.
func (h Head) next(t table, body []byte) (link, error) {
	values, err := t.values(body)
	if err != nil {
		return link{}, err
	}
	l := link{seq: h.Seq + 1, prev: h.Hash, body: body, values: values}
	l.hash = sum(t.name, l.seq, l.prev, l.body)
	return l, nil
}

// A table says how the columns of a chain follow from the body of a row.
type table struct {
	name    string
	columns string // as in SQL, in the order of values
	values  func(body []byte) ([]any, error)
}

func decisionsTable() table {
	return table{"decisions", `id, at, loop, actuator, mode, verb, reason, words, "from", wanted, "to", unreadable, policy, epoch`,
		func(body []byte) (_ []any, err error) {
			d, ok := leanGist(body)
			if !ok {
				d, err = decode[gist](body)
			}
			return []any{d.ID, d.Input.At, d.Loop, d.Actuator, d.Mode, d.Verb, d.Reason, d.Words,
				d.From, d.Wanted, d.To, d.Input.Unreadable != "", d.Input.Policy, d.Input.Epoch}, err
		}}
}

// A gist is what the columns hold of a loop.Decision.
type gist struct {
	ID       string  `json:"id"`
	Loop     string  `json:"loop"`
	Actuator string  `json:"actuator"`
	Mode     string  `json:"mode"`
	Verb     string  `json:"verb"`
	Reason   string  `json:"reason"`
	From     float64 `json:"from"`
	Wanted   float64 `json:"wanted"`
	To       float64 `json:"to"`
	Words    string  `json:"words"`
	Input    struct {
		At         time.Time `json:"at"`
		Policy     string    `json:"policy"`
		Epoch      int64     `json:"epoch"`
		Unreadable string    `json:"unreadable"`
	} `json:"input"`
}

func outcomesTable() table {
	return table{"outcomes", `decision, at, applied, read_back, error, until, ticks`,
		from(func(o loop.Outcome) []any {
			return []any{o.Decision, o.At, o.Applied, o.ReadBack, o.Error, optional(o.Until), int64(o.Ticks)}
		})}
}

func ordersTable() table {
	return table{"orders", `id, at, kind, target, by, why, until, setting, revert`,
		from(func(o loop.Order) []any {
			var setting any
			if o.Setting != nil {
				setting = *o.Setting
			}
			return []any{o.ID, o.At, string(o.Kind), o.Target, o.By, o.Why, optional(o.Until), setting, o.Revert}
		})}
}

func definitionsTable() table {
	return table{"definitions", `policy`, from(func(d definition) []any { return []any{d.Policy} })}
}

func leadershipTable() table {
	return table{"leadership", `epoch, holder, at, timeline`, from(func(r reign) []any { return []any{r.Epoch, r.Holder, r.At, r.Timeline} })}
}

func settingsTable() table {
	return table{"settings", `actuator, value, epoch, decision, at`,
		from(func(m loop.Move) []any { return []any{m.Actuator, m.Setting, m.Epoch, m.Decision, m.At} })}
}

// tables are the chains in the order in which their heads are locked.
func tables() []table {
	return []table{decisionsTable(), definitionsTable(), deploysTable(), leadershipTable(), ordersTable(), outcomesTable(), pruningsTable(), sendingsTable(), settingsTable(), tokensTable(), verdictsTable(), versionsTable()}
}

// A definition is the body of a row of definitions.
type definition struct {
	Policy string `json:"policy"`
	Text   string `json:"text"`
}

// A reign is the body of a row of leadership.
type reign struct {
	loop.Term
	Holder string    `json:"holder"`
	At     time.Time `json:"at"` // by the clock of the database
}

func from[T any](columns func(T) []any) func([]byte) ([]any, error) {
	return func(body []byte) ([]any, error) {
		v, err := decode[T](body)
		return columns(v), err
	}
}

// optional is NULL for the zero time.
func optional(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t
}
