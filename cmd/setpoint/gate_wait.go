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
)

// await asks until there is an answer that stands, or the wait is over, and
// tells progress what it waits for. The last question is asked when the wait
// ends.
func (f gateFlags) await(ctx context.Context, c client.Client, progress io.Writer) (client.Answer, error) {
	end := time.Now().Add(f.wait)
	told := ""
	for pause := firstPause; ; pause = min(pause*3/2, longestPause) {
		answer, err := f.ask(ctx, c)
		left := time.Until(end)
		if f.stands(answer, err) || left <= 0 {
			return answer, err
		}
		if words := waitingFor(answer, err); words != told {
			told = words
			fmt.Fprintf(progress, "setpoint: waiting until %s: %s\n", clock(end), words)
		}
		if !slept(ctx, min(pause/2+rand.N(pause), left)) {
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
