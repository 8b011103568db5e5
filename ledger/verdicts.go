package ledger

import (
	"bytes"
	"encoding/json"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"
	"time"

	"setpoint.dev/setpoint/loop"
)

// maxVerdict is how many bytes a verdict takes, mostly.
const maxVerdict = 1 << 10

// A Batch is verdicts that go on record together, as one row. Its ID makes
// that happen once, however often it is tried.
type Batch struct {
	ID     string
	body   []byte
	values []any // of the columns; nil = to be read from the body
}

// An Encoded is a verdict in the bytes that are kept of it.
type Encoded struct {
	body    []byte
	at      time.Time
	service string
	release string
}

// EncodeVerdict checks a verdict and returns it as it is kept. Its own ID is
// left out: it follows from the batch and the place in it (Batch.VerdictID).
func EncodeVerdict(v loop.Verdict) (Encoded, error) {
	v.ID, v.Answer.ID = "", ""
	body, err := encodeVerdict(v)
	return Encoded{body: body, at: moment(v.Answer.At), service: v.Answer.Service, release: v.Answer.Release}, err
}

// encodeVerdict gives the bytes that encode gives, at a third of the cost:
// its times are few and known, and texts that need more care show in what they
// encode to.
func encodeVerdict(v loop.Verdict) ([]byte, error) {
	a := &v.Answer
	a.At, a.DataAsOf, a.MayChangeAt, a.BoundUntil = moment(a.At), moment(a.DataAsOf), moment(a.MayChangeAt), moment(a.BoundUntil)
	if err := checkVerdict(v); err != nil {
		return nil, err
	}
	body, err := json.Marshal(v)
	if err != nil || bytes.Contains(body, []byte(`\u0000`)) || bytes.Contains(body, []byte(`\ufffd`)) || len(body) >= maxBody {
		return checked(v, checkVerdict)
	}
	return body, nil
}

// Size is how many bytes are kept of the verdict.
func (e Encoded) Size() int { return len(e.body) }

// VerdictID is the ID of the i-th verdict of the batch: "<batch>.<i>".
func (b Batch) VerdictID(i int) string { return b.ID + "." + strconv.Itoa(i) }

// splitVerdictID finds the batch of a verdict and its place there.
func splitVerdictID(id string) (batch string, i int, err error) {
	dot := strings.LastIndexByte(id, '.')
	if dot > 0 {
		i, err = strconv.Atoi(id[dot+1:])
	}
	if dot <= 0 || err != nil || i < 0 || strconv.Itoa(i) != id[dot+1:] {
		return "", 0, ErrNotFound
	}
	return id[:dot], i, nil
}

// batchBody is the body of a row of verdicts.
type batchBody struct {
	ID       string            `json:"id"`
	At       time.Time         `json:"at"`    // of the first
	Until    time.Time         `json:"until"` // of the last
	Keys     string            `json:"keys"`  // a line for each service, and each release of one
	Verdicts []json.RawMessage `json:"verdicts"`
}

// NewBatch makes a batch of verdicts.
func NewBatch(id string, verdicts ...Encoded) (Batch, error) {
	if err := broke("batch of verdicts", []rule{{plainID(id), "has an ID of 1 to 200 letters, digits, dots, dashes and underscores"}, {len(verdicts) > 0, "holds a verdict"}}); err != nil {
		return Batch{}, err
	}
	row := batchBody{ID: id, At: verdicts[0].at, Until: verdicts[0].at}
	var keys []string
	for _, v := range verdicts {
		row.Verdicts = append(row.Verdicts, v.body)
		if v.at.Before(row.At) {
			row.At = v.at
		}
		if v.at.After(row.Until) {
			row.Until = v.at
		}
		keys = append(keys, serviceKey(v.service), releaseKey(v.service, v.release))
	}
	slices.Sort(keys)
	row.Keys = strings.Join(slices.Compact(keys), "\n")
	body, err := row.encode()
	if err == nil && len(body) >= maxBody {
		err = fmt.Errorf("%w: a batch of verdicts takes %d bytes, the most is %d", ErrInvalid, len(body), maxBody)
	}
	return Batch{id, body, row.values(len(row.Verdicts))}, err
}

// plainID says that an ID stands in JSON as it is, in any language: the
// database compares it with how the body begins.
func plainID(id string) bool {
	return name(id) && !strings.ContainsFunc(id, func(r rune) bool {
		return r != '.' && r != '-' && r != '_' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	})
}

// encode gives the bytes that encoding/json gives. It does not read the
// verdicts again, which are encoded already.
func (b batchBody) encode() ([]byte, error) {
	verdicts := b.Verdicts
	b.Verdicts = []json.RawMessage{}
	frame, err := json.Marshal(b)
	if err != nil {
		return nil, err
	}
	body := slices.Grow(frame[:len(frame)-len("]}")], maxVerdict*len(verdicts))
	for i, v := range verdicts {
		if i > 0 {
			body = append(body, ',')
		}
		body = append(body, v...)
	}
	return append(body, "]}"...), nil
}

// values are the columns of a row of n verdicts.
func (b batchBody) values(n int) []any { return []any{b.ID, b.At, b.Until, int64(n), b.Keys} }

// serviceKey and releaseKey are what rows are found by. What names must not
// hold, line breaks above all, is a blank in them: choose compares the names.
func serviceKey(service string) string { return "s " + plainName(service) }

func releaseKey(service, release string) string {
	return "r " + plainName(service) + " " + plainName(release)
}

func plainName(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' {
			return ' '
		}
		return r
	}, text)
}

func verdictsTable() table {
	return table{"verdicts", `id, at, until, count, keys`, func(body []byte) ([]any, error) {
		if b, n, ok := leanBatch(body); ok {
			return b.values(int(n)), nil
		}
		var b struct {
			batchBody
			Verdicts []struct{} `json:"verdicts"` // counted, not read
		}
		err := json.Unmarshal(body, &b)
		return b.values(len(b.Verdicts)), err
	}}
}

// decodeVerdicts reads the verdicts of a row, in their order.
func decodeVerdicts(body []byte) ([]loop.Verdict, error) {
	var b batchBody
	if err := json.Unmarshal(body, &b); err != nil {
		return nil, fmt.Errorf("decode row: %w", err)
	}
	out := make([]loop.Verdict, len(b.Verdicts))
	for i, raw := range b.Verdicts {
		v, err := decode[loop.Verdict](raw)
		if err != nil {
			return nil, err
		}
		v.ID = Batch{ID: b.ID}.VerdictID(i)
		v.Answer.ID = v.ID
		out[i] = v
	}
	return out, nil
}

// A VerdictFilter chooses verdicts. The zero value is the 100 newest.
type VerdictFilter struct {
	Service string // empty = of all services
	Release string // of Service; empty = of all releases
	Before  string // only verdicts before the one of this ID, to go on after a page
	Limit   int    // most verdicts; 0 = 100, never more than 1000
}

// key is what rows that may hold such verdicts are found by; empty = all.
func (f VerdictFilter) key() string {
	switch {
	case f.Service == "":
		return ""
	case f.Release == "":
		return serviceKey(f.Service)
	}
	return releaseKey(f.Service, f.Release)
}

// choose adds the verdicts of one row that pass, the newest first, as far as
// there is room. before is the place that the filter's Before has in this
// row, or −1.
func (f VerdictFilter) choose(out, row []loop.Verdict, before int) []loop.Verdict {
	if before >= 0 {
		row = row[:min(before, len(row))]
	}
	for _, v := range slices.Backward(row) {
		if len(out) < bounded(f.Limit) && (f.Service == "" || f.Service == v.Answer.Service && (f.Release == "" || f.Release == v.Answer.Release)) {
			out = append(out, v)
		}
	}
	return out
}

func checkVerdict(v loop.Verdict) error {
	a := v.Answer
	return broke("verdict", []rule{
		{v.Tool != "", "names the tool that asked"},
		{!a.At.IsZero(), "has a time"},
		{a.Verdict != "", "is allow, deny or hold"},
		{a.Policy != "" || a.Service == "" || len(a.Reasons) > 0, "names its policy or a reason"},
		{v.Repeats >= 0, "was not repeated a negative number of times"},
	})
}

// collect reads rows, the newest first, until there are enough verdicts.
// batch and place are where the filter's Before stands.
func (f VerdictFilter) collect(bodies iter.Seq[string], batch string, place int) ([]loop.Verdict, error) {
	out := []loop.Verdict{}
	for body := range bodies {
		row, err := decodeVerdicts([]byte(body))
		if err != nil {
			return nil, err
		}
		before := -1
		if batch != "" && row[0].ID == (Batch{ID: batch}).VerdictID(0) {
			before = place
		}
		if out = f.choose(out, row, before); len(out) == bounded(f.Limit) {
			break
		}
	}
	return out, nil
}

// pick is the i-th verdict of the one row in bodies.
func pick(bodies []string, i int) (loop.Verdict, error) {
	if len(bodies) == 0 {
		return loop.Verdict{}, ErrNotFound
	}
	row, err := decodeVerdicts([]byte(bodies[0]))
	if err == nil && i >= len(row) {
		err = ErrNotFound
	}
	if err != nil {
		return loop.Verdict{}, err
	}
	return row[i], nil
}
