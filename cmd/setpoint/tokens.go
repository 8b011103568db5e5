package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"setpoint.dev/setpoint/ledger"
	"setpoint.dev/setpoint/slo"
	"setpoint.dev/setpoint/web"
)

const tokensHelp = `Make, list and revoke the tokens by which programs and people are known to
'setpoint serve --auth'.

A token has scopes:

  read      the pages, the API and the metrics
  gate      ask whether a release may go, and tell of releases
  override  give orders about the services of its teams
  admin     all of this, for all teams

The team of a service is its label team in the definitions; --team '*' is all of
them. A token is shown once, when it is made; the ledger keeps its SHA-256 only.
Programs send it as Authorization: Bearer; this program takes it from
SETPOINT_TOKEN.

These commands work on the ledger itself: DATABASE_URL, or the private
PostgreSQL. Whoever can write there can make tokens.`

func (a *app) tokensCmd() *cobra.Command {
	c := &cobra.Command{
		Use: "tokens", Short: "Make, list and revoke the tokens that callers are known by", GroupID: "run", Long: tokensHelp,
		Args: noTokenCommand,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(a.tokensMakeCmd(), a.tokensListCmd(), a.tokensRevokeCmd())
	return c
}

func noTokenCommand(_ *cobra.Command, got []string) error {
	if len(got) > 0 {
		return exit{usage, fmt.Sprintf("tokens has no command %q; it has make, list and revoke", got[0])}
	}
	return nil
}

// newToken is what a token is asked to be.
type newToken struct {
	scopes, teams []string
	by, lasts     string
}

func (a *app) tokensMakeCmd() *cobra.Command {
	var s storage
	var n newToken
	c := &cobra.Command{
		Use: "make NAME", Short: "Make a token and show it, once",
		Example: `  setpoint tokens make ann --scope admin --for 30d
  setpoint tokens make checkout-pipeline --scope gate --for 365d > token
  setpoint tokens make ben --scope read --scope override --team shop`,
		Args: args(1, 1, "the name of who will hold it"),
		RunE: func(c *cobra.Command, args []string) error {
			t, err := n.token(args[0], time.Now())
			if err != nil {
				return err
			}
			return a.withLedger(c, s.open, func(records *ledger.Postgres) error { return a.makeToken(c, records, t) })
		},
	}
	c.Flags().StringSliceVar(&n.scopes, "scope", nil, "what it may do: "+scopeWords()+"; may be given again (required)")
	c.Flags().StringSliceVar(&n.teams, "team", nil, "team whose services it may command; * = all; may be given again")
	c.Flags().StringVar(&n.lasts, "for", "90d", "how long it lasts, such as 12h or 365d")
	c.Flags().StringVar(&n.by, "by", whoami(), "who makes it, for the record")
	s.flags(c)
	return c
}

func scopeWords() string {
	var all []string
	for _, s := range web.Scopes() {
		all = append(all, string(s))
	}
	return strings.Join(all, ", ")
}

// token checks what is asked for.
func (n newToken) token(name string, now time.Time) (ledger.Token, error) {
	if len(n.scopes) == 0 {
		return ledger.Token{}, exit{usage, "tokens make needs --scope: " + scopeWords()}
	}
	for _, s := range n.scopes {
		if !slices.Contains(web.Scopes(), web.Scope(s)) {
			return ledger.Token{}, exit{usage, fmt.Sprintf("there is no scope %q; there are %s", s, scopeWords())}
		}
	}
	lasts, err := slo.ParseDuration(n.lasts)
	if err != nil || lasts <= 0 {
		return ledger.Token{}, exit{usage, fmt.Sprintf("--for is a length of time such as 12h or 365d, not %q", n.lasts)}
	}
	if strings.TrimSpace(name) == "" || len(name) > 200 || strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return ledger.Token{}, exit{usage, "the name of a token is a text of up to 200 bytes that prints"}
	}
	return ledger.Token{Name: name, Scopes: n.scopes, Teams: n.teams, By: n.by, At: now, Expires: now.Add(lasts)}, nil
}

// withLedger opens the ledger for one command.
func (a *app) withLedger(c *cobra.Command, open func(context.Context, *slog.Logger) (*archive, error), do func(*ledger.Postgres) error) error {
	quiet := slog.New(slog.DiscardHandler)
	records, err := open(c.Context(), quiet)
	if err != nil {
		return err
	}
	defer records.close(quiet)
	return do(records.Postgres)
}

// madeToken is what make shows; the secret this once.
type madeToken struct {
	ledger.Token
	Secret string `json:"secret"`
}

func (a *app) makeToken(c *cobra.Command, records *ledger.Postgres, t ledger.Token) error {
	t, secret := ledger.NewToken(t)
	if err := records.AddToken(c.Context(), t); err != nil {
		return err
	}
	return a.show(c, madeToken{t, secret.Reveal()}, func(w io.Writer) {
		fmt.Fprintf(c.ErrOrStderr(), "token %s of %s, scopes %s, until %s. It is not shown again:\n", t.ID, t.Name, strings.Join(t.Scopes, " "), clock(t.Expires))
		fmt.Fprintln(w, secret.Reveal())
	})
}

func (a *app) tokensListCmd() *cobra.Command {
	var s storage
	c := &cobra.Command{
		Use: "list", Short: "List tokens, revoked ones too", Args: args(0, 0, "no arguments"),
		RunE: func(c *cobra.Command, _ []string) error {
			return a.withLedger(c, s.existing, func(records *ledger.Postgres) error {
				all, err := records.Tokens(c.Context())
				if err != nil {
					return err
				}
				return a.show(c, all, func(w io.Writer) { printTokens(w, all, time.Now()) })
			})
		},
	}
	s.flags(c)
	return c
}

func printTokens(w io.Writer, all []ledger.Token, now time.Time) {
	rows := [][]string{{"ID", "NAME", "SCOPES", "TEAMS", "MADE", "BY", "LAST USED", "STATE"}}
	for _, t := range all {
		rows = append(rows, []string{t.ID, t.Name, strings.Join(t.Scopes, " "), strings.Join(t.Teams, " "), clock(t.At), t.By, clock(t.Used), tokenState(t, now)})
	}
	table(w, rows)
}

func tokenState(t ledger.Token, now time.Time) string {
	switch {
	case !t.Revoked.IsZero():
		return "revoked " + clock(t.Revoked) + " by " + t.Revoker
	case !t.Lives(now):
		return "expired " + clock(t.Expires)
	}
	return "until " + clock(t.Expires)
}

func (a *app) tokensRevokeCmd() *cobra.Command {
	var s storage
	var by string
	c := &cobra.Command{
		Use: "revoke ID|NAME", Short: "Revoke a token; every server refuses it seconds later", Args: args(1, 1, "the ID or the name of a token"),
		RunE: func(c *cobra.Command, args []string) error {
			return a.withLedger(c, s.existing, func(records *ledger.Postgres) error {
				t, err := records.RevokeToken(c.Context(), args[0], by, time.Now())
				if errors.Is(err, ledger.ErrNotFound) {
					return fmt.Errorf("there is no token %s; 'setpoint tokens list' shows them", args[0])
				}
				if err != nil {
					return err
				}
				return a.show(c, t, func(w io.Writer) { fmt.Fprintf(w, "token %s of %s is revoked\n", t.ID, t.Name) })
			})
		},
	}
	c.Flags().StringVar(&by, "by", whoami(), "who revokes it, for the record")
	s.flags(c)
	return c
}
