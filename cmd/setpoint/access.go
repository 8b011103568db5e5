package main

import (
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"

	"setpoint.dev/setpoint/egress"
	"setpoint.dev/setpoint/ledger"
	"setpoint.dev/setpoint/slo"
	"setpoint.dev/setpoint/web"
)

// access says who may ask what of serve.
type access struct {
	auth bool
	rate float64
	only []string // where alerts may be sent to
}

func (o *access) flags(c *cobra.Command) {
	c.Flags().BoolVar(&o.auth, "auth", false, "ask everybody for a token ('setpoint tokens'); needed to listen where other machines can reach it")
	c.Flags().Float64Var(&o.rate, "rate", 1000, "requests a second of one caller, twice as many at once; 0 = no bound")
	c.Flags().StringSliceVar(&o.only, "egress", nil, "names, *.domains, addresses and CIDR blocks that alerts may be sent to (default: all but link-local addresses and names that lead to this machine)")
}

// egress is what may be connected to on behalf of definitions.
func (o access) egress() egress.Policy { return egress.Policy{Only: o.only} }

// keyring knows the tokens; nil when nobody is asked for one.
func (o access) keyring(tokens ledger.TokenBook) *ledger.Keyring {
	if !o.auth {
		return nil
	}
	return ledger.NewKeyring(tokens, ledger.KeyringConfig{})
}

// callers finds out who shows a token; nil when nobody is asked for one.
func callers(k *ledger.Keyring) func(context.Context, slo.Secret, time.Time) (web.Caller, error) {
	if k == nil {
		return nil
	}
	return func(ctx context.Context, key slo.Secret, now time.Time) (web.Caller, error) {
		t, err := k.Token(ctx, key.Reveal(), now)
		if errors.Is(err, ledger.ErrNoToken) {
			return web.Caller{}, errors.Join(web.ErrNobody, err)
		}
		return callerOf(t), err
	}
}

// callerOf is who holds a token.
func callerOf(t ledger.Token) web.Caller {
	c := web.Caller{Name: t.Name, Teams: t.Teams}
	for _, s := range t.Scopes {
		c.Scopes = append(c.Scopes, web.Scope(s))
	}
	return c
}

// keys keeps the keyring up to date until ctx ends.
func (h *house) keys(ctx context.Context) error {
	if h.keyring == nil {
		return nil
	}
	return h.keyring.Run(ctx, func(err error) { h.log.Warn("tokens", "error", err) })
}
