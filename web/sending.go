package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"setpoint.dev/setpoint/client"
	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/slo"
)

// Reports are sent when their periods have ended. What is to be sent goes on
// record first, once for each target and period, by the leader, or by whoever
// wants it sent now on any instance. What is on record and has no end there is
// what the leader sends, until the target takes it, refuses it for good, or it
// is too late; that goes on record too. So a report that a leader did not get
// to send is sent by the next one, under the ID that it had: a receiver that
// was sent one twice, because the end of the first try did not come on record,
// knows it by that.
//
//	period ended ─► counted up to its end? ─► record ─► post, again and again ─► record how it ended

// A Mail keeps what is sent.
type Mail interface {
	// BeginSendings records that reports are about to be sent, and returns
	// those that were not on record.
	BeginSendings(ctx context.Context, all ...loop.Sending) (fresh []loop.Sending, err error)
	// EndSending records how one ended.
	EndSending(ctx context.Context, s loop.Sending) error
	// Sendings lists them, the newest first, each with how it ended.
	Sendings(ctx context.Context, f loop.SendingFilter) ([]loop.Sending, error)
}

// A Post sends a message to a target once. With an error it says how long to
// wait before it is sent again; 0 = it would be refused again.
type Post func(ctx context.Context, to slo.NotificationTarget, id string, body []byte) (again time.Duration, err error)

const (
	tryFor      = time.Hour        // what a person sends is given up after that
	longestTry  = 10 * time.Minute // between two tries
	postsAtOnce = 8
)

// A postbox is what an instance remembers of what it sends.
type postbox struct {
	mu    sync.Mutex
	begun map[string]bool         // scheduled messages that are on record
	tries map[string]try          // of messages that are on their way
	ended map[string]loop.Sending // those whose end could not be recorded yet
}

// A try is how sending a message went so far.
type try struct {
	times int
	next  time.Time
	err   error
}

// SendReports begins what is due and sends what is on its way. Only the
// instance that leads does. It goes on after an error of one.
func (s *Server) SendReports(ctx context.Context, now time.Time) error {
	l := s.look(now)
	if s.cfg.Mail == nil || s.cfg.Post == nil || !l.report.Leader {
		return nil
	}
	var all error
	for _, r := range l.set.Reports {
		if err := s.beginReport(ctx, l, r); err != nil {
			all = errors.Join(all, fmt.Errorf("begin to send report %s: %w", r.Name, err))
		}
	}
	return errors.Join(all, s.postReports(ctx, l))
}

// beginReport puts on record what is due of a report.
func (s *Server) beginReport(ctx context.Context, l look, r slo.Report) error {
	of, due := r.Ended(l.now)
	late := l.now.Sub(due)
	if late > r.Within {
		return nil
	}
	var fresh []loop.Sending
	for _, t := range r.Targets {
		m := loop.Sending{Report: r.Name, Target: t.Name, From: of.From, To: of.To, Due: due, At: l.now, Until: due.Add(r.Within), Term: l.report.Term}
		if m.ID = loop.SendingID(m); !s.postbox.knows(m.ID) {
			fresh = append(fresh, m)
		}
	}
	if len(fresh) == 0 || late < r.Within/2 && !l.counted(r, of) {
		return nil
	}
	known, err := patient(ctx, s, func(ctx context.Context) ([]loop.Sending, error) {
		return s.cfg.Mail.Sendings(ctx, loop.SendingFilter{IDs: idsOf(fresh)})
	})
	if err == nil && len(known) < len(fresh) {
		err = s.begin(ctx, l, r, fresh)
	}
	if err == nil {
		s.postbox.know(idsOf(fresh))
	}
	return err
}

// begin makes a report and records that it is about to be sent.
func (s *Server) begin(ctx context.Context, l look, r slo.Report, all []loop.Sending) error {
	v := s.reportOf(ctx, l, r, all[0])
	if v.Unread != "" {
		return fmt.Errorf("make it: %s", v.Unread)
	}
	for i := range all {
		text, err := json.Marshal(s.message(r, v, all[i]))
		if err != nil {
			return fmt.Errorf("write it: %w", err)
		}
		all[i].Text = string(text)
	}
	_, err := patient(ctx, s, func(ctx context.Context) ([]loop.Sending, error) { return s.cfg.Mail.BeginSendings(ctx, all...) })
	return err
}

// counted reports whether all that a report is about has been counted: an
// instance that was away for long reads it from the sources first.
func (l look) counted(r slo.Report, of slo.Stretch) bool {
	for _, o := range l.listed(listQuery{Team: r.Team}) {
		if (r.Team == "" || o.team == r.Team) && (o.state.At.Before(of.To) || o.state.ReadBack.After(of.From)) {
			return false
		}
	}
	return true
}

// reportOf is what a sending tells, in the zone of its report.
func (s *Server) reportOf(ctx context.Context, l look, r slo.Report, m loop.Sending) reportView {
	zone := r.Zone.Location()
	l.now = l.now.In(zone)
	return s.reportView(ctx, l, reportPeriod{r.Period, m.From.In(zone), m.To.In(zone)}, r.Team, 0)
}

// postReports sends what is on its way.
func (s *Server) postReports(ctx context.Context, l look) error {
	open, err := patient(ctx, s, func(ctx context.Context) ([]loop.Sending, error) {
		return s.cfg.Mail.Sendings(ctx, loop.SendingFilter{Open: true, Limit: 1000})
	})
	if err != nil {
		return err
	}
	s.postbox.forget(idsOf(open))
	var all errgroup.Group
	all.SetLimit(postsAtOnce)
	for _, m := range open {
		if s.postbox.waits(m.ID, l.now) {
			continue
		}
		all.Go(func() error {
			if err := s.postReport(ctx, l, m); err != nil {
				s.failed(fmt.Errorf("send report %s to %s: %w", m.Report, m.Target, err))
			}
			return nil
		})
	}
	return all.Wait()
}

// postReport sends one message once, and records its end if that was one.
func (s *Server) postReport(ctx context.Context, l look, m loop.Sending) error {
	end, done := s.postbox.end(m.ID)
	var wrong error
	if !done {
		end, done, wrong = s.try(ctx, l, m)
	}
	if !done || ctx.Err() != nil {
		return wrong
	}
	_, err := patient(ctx, s, func(ctx context.Context) (struct{}, error) { return struct{}{}, s.cfg.Mail.EndSending(ctx, end) })
	if err != nil {
		s.postbox.owe(end)
	}
	return errors.Join(wrong, err)
}

// try sends a message; done is false when it is to be sent again.
func (s *Server) try(ctx context.Context, l look, m loop.Sending) (end loop.Sending, done bool, err error) {
	end, end.Text, end.At = m, "", l.now
	r, to, there := addressee(l.set, m)
	last := s.postbox.last(m.ID)
	switch {
	case !there:
		end.End, end.Error = loop.Unsent, "the report, or this target of it, is not declared any more"
		return end, true, nil
	case !l.now.Before(m.Until):
		end.End, end.Error = loop.Unsent, "it was given up"
		if last.err != nil {
			end.Error += ": " + redact(last.err.Error())
		}
		return end, true, nil
	}
	body, err := s.posted(ctx, l, r, m)
	if err != nil {
		return end, false, err
	}
	again, err := s.cfg.Post(ctx, to, m.ID, body)
	end.At = end.At.Add(max(time.Since(l.now), 0)) // how long it took
	switch {
	case err == nil:
		end.End = loop.Sent
		return end, true, nil
	case again == 0:
		end.End, end.Error = loop.Unsent, redact(err.Error())
		return end, true, err
	}
	s.postbox.failed(m.ID, try{last.times + 1, l.now.Add(max(again, min(time.Second<<min(last.times, 10), longestTry))), err})
	return end, false, err
}

// posted is the message of a sending as it goes out: what is on record, and the
// file where one is to go with it.
func (s *Server) posted(ctx context.Context, l look, r slo.Report, m loop.Sending) ([]byte, error) {
	if !r.File {
		return []byte(m.Text), nil
	}
	var out client.Report
	if err := json.Unmarshal([]byte(m.Text), &out); err != nil {
		return nil, fmt.Errorf("read what is on record: %w", err)
	}
	v := s.reportOf(ctx, l, r, m)
	file, err := s.reportFile(v)
	if err != nil {
		return nil, err
	}
	out.File = &client.ReportFile{Name: v.fileName(), Type: "text/html; charset=utf-8", Text: string(file)}
	return json.Marshal(out)
}

// addressee is the report and the target of a sending, as they are declared.
func addressee(set *slo.Set, m loop.Sending) (slo.Report, slo.NotificationTarget, bool) {
	for _, r := range set.Reports {
		for _, t := range r.Targets {
			if r.Name == m.Report && t.Name == m.Target {
				return r, t, true
			}
		}
	}
	return slo.Report{}, slo.NotificationTarget{}, false
}

func idsOf(all []loop.Sending) (ids []string) {
	for _, m := range all {
		ids = append(ids, m.ID)
	}
	return ids
}
