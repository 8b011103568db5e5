package ledger_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"setpoint.dev/setpoint/ledger"
	"setpoint.dev/setpoint/ledger/ledgertest"
	"setpoint.dev/setpoint/loop"
)

// A sending begins once, however often and by whichever leader it is begun,
// and ends once.
func TestSendings(t *testing.T) {
	p := open(t, fresh(t))
	takeOver(t, p)
	ctx := t.Context()
	a, b := ledgertest.Sending("a", noon()), ledgertest.Sending("b", noon().Add(time.Minute))
	fresh, err := p.BeginSendings(ctx, a)
	if err != nil || len(fresh) != 1 {
		t.Fatalf("%v, %v", fresh, err)
	}
	fresh, err = p.BeginSendings(ctx, a, b, b)
	if diff := cmp.Diff([]loop.Sending{b}, fresh); err != nil || diff != "" {
		t.Fatalf("%v\n%s", err, diff)
	}
	failed := end(a, loop.Unsent, "inbox answers 400")
	must(t, p.EndSending(ctx, failed))
	must(t, p.EndSending(ctx, end(a, loop.Sent, "")))
	if err := p.EndSending(ctx, end(ledgertest.Sending("c", noon()), loop.Sent, "")); !errors.Is(err, ledger.ErrNotFound) {
		t.Errorf("the end of what never began: %v", err)
	}
	ended := a
	ended.At, ended.End, ended.Error = failed.At, failed.End, failed.Error
	for _, c := range []struct {
		f    loop.SendingFilter
		want []loop.Sending
	}{
		{loop.SendingFilter{}, []loop.Sending{b, ended}}, {loop.SendingFilter{Open: true}, []loop.Sending{b}},
		{loop.SendingFilter{IDs: []string{"a"}}, []loop.Sending{ended}}, {loop.SendingFilter{Limit: 1}, []loop.Sending{b}},
	} {
		got, err := p.Sendings(ctx, c.f)
		if diff := cmp.Diff(c.want, got); err != nil || diff != "" {
			t.Errorf("%+v: %v\n%s", c.f, err, diff)
		}
	}
	faults, err := p.Verify(ctx)
	if err != nil || len(faults) > 0 {
		t.Errorf("%v, %v", faults, err)
	}
}

// A leader that was deposed begins nothing; a person may, on any instance.
func TestSendingsAreFenced(t *testing.T) {
	dsn := fresh(t)
	p := open(t, dsn)
	due, byHand := ledgertest.Sending("due", noon()), ledgertest.Sending("by hand", noon())
	byHand.Due, byHand.Term, byHand.By, byHand.Why = time.Time{}, loop.Term{}, "ann", "to see it"
	if _, err := p.BeginSendings(t.Context(), due); !errors.Is(err, loop.ErrDeposed) {
		t.Errorf("nobody leads: %v", err)
	}
	takeOver(t, p)
	p.Resign()
	takeOver(t, open(t, dsn))
	if _, err := p.BeginSendings(t.Context(), byHand, due); !errors.Is(err, loop.ErrDeposed) {
		t.Errorf("another leads: %v", err)
	}
	if all, err := p.Sendings(t.Context(), loop.SendingFilter{}); err != nil || len(all) > 0 {
		t.Errorf("%v, %v", all, err)
	}
	if fresh, err := p.BeginSendings(t.Context(), byHand); err != nil || len(fresh) != 1 {
		t.Errorf("by hand: %v, %v", fresh, err)
	}
}

// What is no sending is refused before it gets to the database.
func TestSendingsAreChecked(t *testing.T) {
	p := open(t, fresh(t))
	takeOver(t, p)
	for name, spoil := range map[string]func(*loop.Sending){
		"no ID": func(s *loop.Sending) { s.ID = "" }, "no report": func(s *loop.Sending) { s.Report = "" }, "no target": func(s *loop.Sending) { s.Target = "" },
		"no time": func(s *loop.Sending) { s.At = time.Time{} }, "no period": func(s *loop.Sending) { s.To = s.From }, "nobody": func(s *loop.Sending) { s.Due = time.Time{} },
		"never given up": func(s *loop.Sending) { s.Until = time.Time{} }, "another end": func(s *loop.Sending) { s.End, s.Text = "lost", "" }, "no error": func(s *loop.Sending) { s.End, s.Text = loop.Unsent, "" },
	} {
		s := ledgertest.Sending("a", noon())
		spoil(&s)
		err := p.EndSending(t.Context(), s)
		if s.End == "" {
			_, err = p.BeginSendings(t.Context(), s)
		}
		if !errors.Is(err, ledger.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func end(s loop.Sending, how loop.SendEnd, why string) loop.Sending {
	s.At, s.End, s.Error, s.Text = s.At.Add(time.Second), how, why, ""
	return s
}

// What a schedule sends has one ID; what people send has one each.
func TestSendingID(t *testing.T) {
	s := ledgertest.Sending("", noon())
	later, other, target := s, s, s
	later.At, later.Epoch = s.At.Add(time.Hour), 7
	other.From, other.To = s.To, s.To.AddDate(0, 0, 7)
	target.Target = "archive"
	byHand := s
	byHand.Due, byHand.By = time.Time{}, "ann"
	again := byHand
	again.At = again.At.Add(time.Second)
	if loop.SendingID(s) != loop.SendingID(later) {
		t.Error("the next leader sends another message")
	}
	ids := []string{}
	for _, s := range []loop.Sending{s, other, target, byHand, again} {
		ids = append(ids, loop.SendingID(s))
	}
	slices.Sort(ids)
	if len(slices.Compact(ids)) != 5 {
		t.Errorf("messages have the same ID: %v", ids)
	}
}
