package web

import (
	"context"
	"net/http"
	"strings"
	"time"

	"setpoint.dev/setpoint/client"
)

// A tokensView is the page of tokens, for who administers them.
type tokensView struct {
	Rows   []tokenRow
	Made   *client.Token // just now
	Secret string        // of Made, shown this once
	Done   string
	Wrong  string
	Draft  client.NewToken // to be corrected
	Scopes []choice
}

// A tokenRow is a token in a list.
type tokenRow struct {
	ID, Name, Scopes, Teams, By, At, Stamp, Expires, Used string
	State                                                 badge
	Good                                                  bool // it can be used
}

func (s *Server) tokensPage(w http.ResponseWriter, r *http.Request) {
	s.showTokens(w, r, http.StatusOK, tokensView{})
}

// makeTokenByForm makes a token and shows its secret in this answer, and
// nowhere else: reading it anew asks for another one.
func (s *Server) makeTokenByForm(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		s.problem(w, r, unreadable(err))
		return
	}
	n := client.NewToken{Name: strings.TrimSpace(r.PostForm.Get("name")), Scopes: r.PostForm["scope"], For: strings.TrimSpace(r.PostForm.Get("for"))}
	n.Teams = strings.FieldsFunc(r.PostForm.Get("teams"), func(c rune) bool { return c == ',' || c == ' ' })
	made, err := s.madeToken(r, n, time.Now())
	if err != nil {
		p := problemOf(err)
		s.showTokens(w, r, p.Status, tokensView{Wrong: inOne(p), Draft: n})
		return
	}
	s.showTokens(w, r, http.StatusCreated, tokensView{Made: &made.Token, Secret: made.Secret})
}

func (s *Server) revokeTokenByForm(w http.ResponseWriter, r *http.Request) {
	which, err := named("token", r.PostFormValue("token"))
	b, err2 := s.asTokens(r)
	if err == nil {
		err = err2
	}
	if err == nil && r.PostFormValue("confirm") != "yes" {
		err = refuse(http.StatusUnprocessableEntity, "unconfirmed", "the box is not ticked", "tick what revoking it does")
	}
	var t client.Token
	if err == nil {
		by := callerOf(r.Context()).Name
		t, err = patient(r.Context(), s, func(ctx context.Context) (client.Token, error) { return b.RevokeToken(ctx, which, by, time.Now()) })
	}
	if err != nil {
		p := problemOf(err)
		s.showTokens(w, r, p.Status, tokensView{Wrong: inOne(p)})
		return
	}
	s.showTokens(w, r, http.StatusOK, tokensView{Done: "The token of " + t.Name + " is revoked; every instance refuses it seconds from now."})
}

// inOne is a problem with what helps, in one line.
func inOne(p *client.Problem) string {
	if p.Hint == "" {
		return p.Message
	}
	return p.Message + " (" + p.Hint + ")"
}

// showTokens adds the list to a view.
func (s *Server) showTokens(w http.ResponseWriter, r *http.Request, status int, v tokensView) {
	b, err := s.asTokens(r)
	var all []client.Token
	if err == nil {
		all, err = patient(r.Context(), s, b.Tokens)
	}
	if err != nil {
		s.problem(w, r, err)
		return
	}
	l := s.look(here(r))
	for i := len(all) - 1; i >= 0; i-- {
		v.Rows = append(v.Rows, tokenRowOf(l, all[i]))
	}
	for _, scope := range Scopes() {
		v.Scopes = append(v.Scopes, choice{Value: string(scope), Word: scopeWords(scope)})
	}
	s.render(w, r, status, "tokens", s.page(l, "", "Tokens", v))
}

func tokenRowOf(l look, t client.Token) tokenRow {
	row := tokenRow{
		ID: t.ID, Name: t.Name, Scopes: strings.Join(t.Scopes, ", "), Teams: strings.Join(t.Teams, ", "), By: t.By, At: clock(t.At, l.now), Stamp: stamp(t.At),
		Expires: clock(t.Expires, l.now), Used: "never", State: badge{styleGood, "good"}, Good: true,
	}
	if !t.Used.IsZero() {
		row.Used = clock(t.Used, l.now)
	}
	switch {
	case !t.Revoked.IsZero():
		row.State, row.Good = badge{styleNone, "revoked by " + t.Revoker}, false
	case !t.Expires.IsZero() && !l.now.Before(t.Expires):
		row.State, row.Good = badge{styleNone, "expired"}, false
	}
	return row
}

func scopeWords(s Scope) string {
	return map[Scope]string{
		ScopeRead: "read: the pages, the API and the metrics", ScopeGate: "gate: ask whether a release may go, tell of releases",
		ScopeOverride: "override: give orders about what belongs to the teams", ScopeAdmin: "admin: everything, for all teams",
	}[s]
}
