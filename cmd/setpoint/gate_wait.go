package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"time"

	"setpoint.dev/setpoint/client"
)

// The pauses between two questions begin short and grow. Each is drawn
// between half and one and a half times its length, so that a hundred
// pipelines that wait for the same freeze to end do not ask in step.
const (
	firstPause   = 2 * time.Second
	longestPause = 13 * time.Second

	spare = 2 * time.Second // of a question's time, that the server does not use up by waiting
)

// await asks until there is an answer that stands, or the wait is over, and
// tells progress what it waits for. All questions but the first leave it to the
// server to wait for the end of a hold, so that it is heard of at once; one
// that did makes no pause necessary. The last question is asked when the wait
// ends.
func (f gateFlags) await(ctx context.Context, c client.Client, progress io.Writer) (client.Answer, error) {
	end := time.Now().Add(f.wait)
	told := ""
	for pause := firstPause; ; pause = min(pause*3/2, longestPause) {
		begun := time.Now()
		answer, err := f.ask(ctx, c)
		left := time.Until(end)
		if f.stands(answer, err) || left <= 0 {
			return answer, err
		}
		if words := waitingFor(answer, err); words != told {
			told = words
			fmt.Fprintf(progress, "setpoint: waiting until %s: %s\n", clock(end), words)
		}
		rest := pause/2 + rand.N(pause)
		if f.q.Wait > 0 && time.Since(begun) >= f.q.Wait {
			rest = 0
		}
		f.q.Wait = max(min(f.timeout-spare, left), 0)
		if !slept(ctx, min(rest, left)) {
			return client.Answer{}, fmt.Errorf("wait for the gate of %s: %w", f.q.Service, context.Cause(ctx))
		}
	}
}

func (f gateFlags) ask(ctx context.Context, c client.Client) (client.Answer, error) {
	ctx, cancel := context.WithTimeout(ctx, f.timeout)
	defer cancel()
	answer, signed, err := c.GateSigned(ctx, f.q)
	if err == nil {
		if unkept := f.last.keep(c.URL, f.q, signed); unkept != nil {
			fmt.Fprintln(os.Stderr, "setpoint: keep the answer:", unkept)
		}
	}
	return answer, err
}

// stands reports whether asking again could not help.
func (f gateFlags) stands(a client.Answer, err error) bool {
	if err != nil {
		return refused(err)
	}
	return a.Verdict == client.Deny || a.Verdict == client.Allow && !(f.noData && blind(a))
}

func waitingFor(a client.Answer, err error) string {
	if err != nil {
		return err.Error()
	}
	return a.Words
}

// slept reports whether a pause ended by itself.
func slept(ctx context.Context, pause time.Duration) bool {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
