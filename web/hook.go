package web

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"net/http"
	"strings"
	"time"

	"setpoint.dev/setpoint/client"
	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/slo"
)

// Some delivery tools ask by a message (a webhook) and wait for a request of
// ours. A message counts when its signature, over the bytes as they came, is
// right; which message it is follows from these bytes too, so that one that is
// sent again is refused, whatever else is different about it. It is kept in
// the ledger before it is taken, so that a restart forgets no tool that waits;
// the instance that leads answers (Answer), and again when a hold ends.

// A CallbackBook keeps the messages that are to be answered.
type CallbackBook interface {
	// AddCallback keeps a callback; it is not fresh when it was kept before.
	AddCallback(ctx context.Context, c loop.Callback) (fresh bool, err error)
	// KeepCallback puts a callback in the place of the one of its ID.
	KeepCallback(ctx context.Context, c loop.Callback) error
	// Callbacks returns those that are not answered, the oldest first.
	Callbacks(ctx context.Context) ([]loop.Callback, error)
}

// A Hook is a tool that asks by messages.
type Hook interface {
	// Signed reports whether a message comes from who knows the secret.
	Signed(r *http.Request, body []byte) bool
	// Read makes a question of a message, and checks it; asks is false where it
	// asks nothing. The ID is what besides the body tells messages apart.
	Read(r *http.Request, body []byte) (c loop.Callback, asks bool, err error)
	// Tell answers. With a hold the tool goes on waiting.
	Tell(ctx context.Context, c loop.Callback, a client.Answer) error
}

// ErrNotWaiting is the answer of a tool that does not wait for one any more.
var ErrNotWaiting = errors.New("the tool does not wait for an answer")

const (
	mostTold   = 9                   // times that a tool is told of one hold: GitHub takes ten reports of a deployment
	waitsFor   = 30 * 24 * time.Hour // a tool is not answered after that
	lookAgain  = 5 * time.Second     // between two looks at a hold
	longestLag = 5 * time.Minute     // between two tries to tell
)

// hooked takes messages of a tool. The status is 200 and no other of the good
// ones: HCP Terraform and Azure take nothing else for an arrival, and send what
// did not arrive again. So one that came before has arrived too; it counts once.
func (s *Server) hooked(w http.ResponseWriter, r *http.Request) {
	taken, err := s.takeHook(r, time.Now())
	if err != nil {
		s.problem(w, r, err)
		return
	}
	s.writeJSON(w, r, http.StatusOK, taken)
}

// hookTaken says what became of a message.
type hookTaken struct {
	ID     string `json:"id"`
	Asks   bool   `json:"asks"`   // there will be an answer
	Before bool   `json:"before"` // it was taken before, and is not counted again
}

func (s *Server) takeHook(r *http.Request, now time.Time) (taken hookTaken, err error) {
	tool, err := param(r, "tool")
	if err != nil {
		return taken, err
	}
	hook := s.cfg.Hooks[tool]
	if hook == nil || s.cfg.Callbacks == nil {
		return taken, refuse(http.StatusNotImplemented, "no-hook", "messages of this tool are not expected", "docs/pipelines says how to set it up")
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return taken, err
	}
	if !hook.Signed(r, body) {
		if err := s.misses.take("address "+remote(r), missesRate, missesBurst, now); err != nil {
			return taken, err
		}
		return taken, refuse(http.StatusUnauthorized, "bad-signature", "the message is not signed with the secret that is agreed on", "")
	}
	c, asks, err := hook.Read(r, body)
	if err != nil || !asks {
		return taken, err
	}
	sum := sha256.Sum256(append(body, c.ID...))
	c.ID, c.Tool, c.At = tool+"-"+hex.EncodeToString(sum[:]), tool, now.UTC().Truncate(time.Microsecond)
	fresh, err := patient(r.Context(), s, func(ctx context.Context) (bool, error) { return s.cfg.Callbacks.AddCallback(ctx, c) })
	return hookTaken{c.ID, true, !fresh}, err
}

// signedBy reports whether mac, in hexadecimal, is the HMAC of body by one of
// some secrets. It takes the same time whatever is wrong with it.
func signedBy(by func() hash.Hash, secrets []slo.Secret, mac string, body []byte) bool {
	got, err := hex.DecodeString(mac)
	good := false
	for _, secret := range secrets {
		m := hmac.New(by, []byte(secret.Reveal()))
		m.Write(body)
		if hmac.Equal(m.Sum(nil), got) {
			good = true
		}
	}
	return good && err == nil
}

// Answer answers the tools that wait, as far as the gate says now; of a hold
// they are told once for each of its reasons. Only the instance that leads
// does. It goes on after an error of one.
func (s *Server) Answer(ctx context.Context, now time.Time) error {
	if s.cfg.Callbacks == nil || len(s.cfg.Hooks) == 0 || !s.look(now).report.Leader {
		return nil
	}
	waiting, err := s.cfg.Callbacks.Callbacks(ctx)
	for _, c := range waiting {
		if hook := s.cfg.Hooks[c.Tool]; hook != nil && !now.Before(c.Next) {
			err = errors.Join(err, s.answer(ctx, hook, c, now))
		}
	}
	return err
}

func (s *Server) answer(ctx context.Context, hook Hook, c loop.Callback, now time.Time) error {
	a := s.look(now).gate(c.Question)
	reasons := strings.Join(codes(a.Reasons), ", ")
	if a.Verdict == slo.Hold && c.Knows(reasons, mostTold, now) && now.Sub(c.At) < waitsFor {
		return nil
	}
	a = s.decide(ctx, c.Tool, c.Question, now)
	told := hook.Tell(ctx, c, s.wireAnswer(a))
	c.Next = now.Add(lookAgain)
	switch {
	case errors.Is(told, ErrNotWaiting) || now.Sub(c.At) >= waitsFor:
		c.Done, c.Error = now, fmt.Sprint(errors.Join(told, ErrNotWaiting))
	case told != nil:
		c.Tries, c.Error = c.Tries+1, redact(told.Error())
		c.Next = now.Add(min(lookAgain<<min(c.Tries, 10), longestLag))
	default:
		c.Said, c.SaidAt, c.Told, c.Tries, c.Error = reasons, now, c.Told+1, 0, ""
		if a.Verdict != slo.Hold {
			c.Done = now
		}
	}
	if told != nil {
		told = fmt.Errorf("answer %s about %s: %w", c.Tool, c.Question.Service, told)
	}
	return errors.Join(told, s.cfg.Callbacks.KeepCallback(ctx, c))
}
