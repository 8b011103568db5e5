package web_test

import (
	"context"
	"encoding/csv"
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"setpoint.dev/setpoint/client"
	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/web"
)

// A witness knows definitions, and which rows are not as they were written.
type witness struct {
	definitions map[string][]byte
	faults      map[int64]string
	down        error
}

func (w *witness) Definition(_ context.Context, policy string) ([]byte, error) {
	if text, ok := w.definitions[policy]; ok || w.down != nil {
		return text, w.down
	}
	return nil, web.ErrNotFound
}

func (w *witness) Beside(_ context.Context, seq int64) (out []string, _ error) {
	if fault, ok := w.faults[seq]; ok {
		out = append(out, fault)
	}
	return out, w.down
}

// witnessed is an incident whose last tightening was decided as the loop
// decides, and can be made again.
func witnessed(t *testing.T) (*world, *witness, *web.Server, *web.Record) {
	t.Helper()
	w, _ := incident(70 * time.Second)
	text := loop.Definition(w.set.Loops[0], w.set.Actuators[0])
	see := &witness{definitions: map[string][]byte{loop.PolicyHash(text): text}, faults: map[int64]string{}}
	config := w.config()
	config.Witness = see
	for i := range w.records {
		r := &w.records[len(w.records)-1-i]
		if r.Decision.Verb == loop.Tighten && r.Decision.Actuator == "reporting-timeout" {
			in := r.Decision.Input
			in.Policy = loop.PolicyHash(text)
			in.Loop, in.Actuator = w.set.Loops[0], w.set.Actuators[0]
			id := r.Decision.ID
			r.Decision = loop.Decide(in)
			r.Decision.ID = id
			return w, see, web.New(config), r
		}
	}
	t.Fatal("nothing was tightened")
	return nil, nil, nil, nil
}

// TestCheck makes a decision again, and looks at its row.
func TestCheck(t *testing.T) {
	for _, c := range []struct {
		name  string
		spoil func(*witness, *web.Record)
		want  client.Replay
		says  []string
	}{
		{"sound", func(*witness, *web.Record) {}, client.Replay{Same: true, Sound: true, Differs: []string{}, Faults: []string{}}, []string{"chain verified", "<strong>Same.</strong>"}},
		{"another setting", func(_ *witness, r *web.Record) { r.Decision.To++ }, client.Replay{Sound: true, Differs: []string{"to"}, Faults: []string{}}, []string{"<strong>Different</strong> in to."}},
		{"altered row", func(s *witness, r *web.Record) { s.faults[r.Seq] = "decisions 7 altered: <b>" }, client.Replay{Same: true, Differs: []string{}, Faults: []string{"decisions 7 altered: <b>"}}, []string{"not as it was written", "decisions 7 altered: &lt;b&gt;"}},
		{"no definition", func(s *witness, _ *web.Record) { clear(s.definitions) }, client.Replay{Sound: true, Differs: []string{}, Faults: []string{}}, []string{"is not on record", "cannot be made again"}},
	} {
		_, see, s, r := witnessed(t)
		c.spoil(see, r)
		var got client.Replay
		decode(t, get(t, s.Handler(), "/v1/decisions/"+url.PathEscape(r.Decision.ID)+"/check"), &got)
		c.want.Decision = r.Decision.ID
		if (got.Again == "") == (got.Error == "") {
			t.Errorf("%s: again %q, error %q: want one of them", c.name, got.Again, got.Error)
		}
		got.Again, got.Error = "", ""
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
		body := get(t, s.Handler(), "/decisions/"+url.PathEscape(r.Decision.ID)+"?replay=1").body
		for _, says := range c.says {
			if !strings.Contains(body, says) {
				t.Errorf("%s: the page does not say %q", c.name, says)
			}
		}
	}
}

// TestCheckWithoutLedger says that nothing could be looked at.
func TestCheckWithoutLedger(t *testing.T) {
	_, see, s, r := witnessed(t)
	see.down = errors.New("no answer")
	path := url.PathEscape(r.Decision.ID)
	if a := get(t, s.Handler(), "/v1/decisions/"+path+"/check"); a.code != 503 {
		t.Errorf("status %d: %s", a.code, a.body)
	}
	if body := get(t, s.Handler(), "/decisions/"+path+"?replay=1").body; !strings.Contains(body, "not verified") || strings.Contains(body, "chain verified") {
		t.Error("a chain that could not be looked at is not said to be so")
	}
}

// TestDiff sets a decision beside the one before.
func TestDiff(t *testing.T) {
	_, _, s, r := witnessed(t)
	body := get(t, s.Handler(), "/decisions/"+url.PathEscape(r.Decision.ID)).body
	_, diff, _ := strings.Cut(body, `id="h-diff"`)
	diff, _, _ = strings.Cut(diff, "</section>")
	for _, says := range []string{"<td>reason</td>", "<ins>burning</ins>", "<td>rule pool on checkout-availability</td>", "other figures are as they were"} {
		if !strings.Contains(diff, says) {
			t.Errorf("the difference does not say %q:\n%s", says, diff)
		}
	}
	if strings.Contains(diff, "<td>mode</td>") {
		t.Error("what is the same is listed")
	}
}

// TestDownload writes all decisions of a filter, however many pages they are.
func TestDownload(t *testing.T) {
	w, s := incident(10 * time.Minute)
	w.records[0].Decision.Words, w.records[0].Decision.Loop = "=HYPERLINK(\"http://evil.example\")", "@a"
	for len(w.records) < 1200 {
		r := w.records[len(w.records)-1]
		r.Seq++
		w.records = append(w.records, r)
	}
	rows, err := csv.NewReader(strings.NewReader(get(t, s.Handler(), "/v1/decisions/export?format=csv").body)).ReadAll()
	if err != nil || len(rows) != 1201 || rows[1][0] != "1200" || rows[1200][0] != "1" {
		t.Fatalf("%d rows: %v", len(rows), err)
	}
	if last := rows[1200]; last[16] != "'=HYPERLINK(\"http://evil.example\")" || last[3] != "'@a" {
		t.Errorf("a formula became %q", last)
	}
	a := get(t, s.Handler(), "/v1/decisions/export?format=jsonl&moves=1&actuator=checkout-freeze")
	moves := strings.Split(strings.TrimSpace(a.body), "\n")
	if !strings.Contains(a.header.Get("Content-Disposition"), "decisions.jsonl") || !strings.HasPrefix(moves[0], `{"seq":`) || strings.Contains(a.body, `"verb":"hold"`) {
		t.Errorf("%s: %.200s", a.header, a.body)
	}
	if a := get(t, s.Handler(), "/v1/decisions/export?format=exe"); a.code != 400 || !strings.Contains(a.body, "csv or jsonl") {
		t.Errorf("status %d: %s", a.code, a.body)
	}
	w.down = errors.New("no answer")
	if a := get(t, s.Handler(), "/v1/decisions/export?format=csv"); a.code != 503 {
		t.Errorf("without a ledger: status %d", a.code)
	}
}

// TestDecisionsByTime reads times of a form in the reader's zone, and links to
// the file of the same decisions.
func TestDecisionsByTime(t *testing.T) {
	w, s := incident(10 * time.Minute)
	tokyo, err := time.LoadLocation("Asia/Tokyo")
	if err != nil {
		t.Fatal(err)
	}
	from := w.records[3].Decision.Input.At.In(tokyo).Truncate(time.Minute)
	body := get(t, s.Handler(), "/decisions?zone=Asia/Tokyo&actuator=reporting-timeout&from="+from.Format("2006-01-02T15:04")).body
	for _, says := range []string{`name="from" value="` + from.Format("2006-01-02T15:04") + `"`, "from=" + url.QueryEscape(from.UTC().Format(time.RFC3339)), "format=csv", "actuator=reporting-timeout"} {
		if !strings.Contains(strings.ReplaceAll(body, "&amp;", "&"), says) {
			t.Errorf("the page does not have %q", says)
		}
	}
	for _, r := range w.records {
		if shown := strings.Contains(body, "decision "+r.Decision.ID+`"`); shown != (r.Decision.Actuator == "reporting-timeout" && !r.Decision.Input.At.Before(from)) {
			t.Errorf("%s of %s: shown %v", r.Decision.ID, r.Decision.Input.At, shown)
		}
	}
	if a := get(t, s.Handler(), "/decisions?from=yesterday"); a.code != 400 {
		t.Errorf("status %d", a.code)
	}
}

// TestRunOfHolds shows a hold that continues the row of the one before, which
// the record has and the tick's own it has not.
func TestRunOfHolds(t *testing.T) {
	w, s := incident(10 * time.Minute)
	d := w.report.Decisions[0]
	a := get(t, s.Handler(), "/decisions/"+url.PathEscape(d.ID))
	if a.code != 200 || d.Verb != loop.Hold || strings.Contains(a.body, "no such thing") || !strings.Contains(a.body, "a run of equal holds is <a") {
		t.Errorf("status %d for a %s: %.500s", a.code, d.Verb, a.body)
	}
}
