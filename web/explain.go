package web

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"slices"

	"setpoint.dev/setpoint/budget"
	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/slo"
)

// An explainView is how what is left of a budget comes out, in figures, and what
// would be left with another target.
type explainView struct {
	Formula string
	Target  string // asked about, in percent, as a form takes it
	What    string // what would be left with it
	Wrong   bool   // it is no target
}

// explain is nil when there is no budget to show.
func explain(r *http.Request, o slo.Objective, st budget.State) *explainView {
	if !st.Status.Judged() || o.Budget().Sign() == 0 || st.Budget.Total() == 0 {
		return nil
	}
	bad, total := count(st.Events(st.Budget.Bad)), count(st.Events(st.Budget.Total()))
	v := &explainView{Formula: fmt.Sprintf("1 − %s bad ÷ (%s in all × %s) = %s", bad, total, exactly(o.Budget()), percent(st.Remaining)), Target: r.URL.Query().Get("target")}
	if len(st.Budget.Earlier) > 0 {
		v.Formula = fmt.Sprintf("1 − %s bad ÷ %s allowed by the targets of then = %s", bad, allowed(st), percent(st.Remaining))
	}
	if v.Target == "" {
		return v
	}
	d, err := slo.ParseDecimal(v.Target)
	share := 1 - d.Float()/100
	if v.Wrong = err != nil || !(share > 0 && share < 1); v.Wrong {
		v.Target = ""
		return v
	}
	left := 1 - ratio(st.Budget.Bad, st.Budget.Total())/share
	v.What = fmt.Sprintf("With %s %% it would be %s: %s would be allowed", v.Target, percent(left), count(math.Floor(st.Events(st.Budget.Total())*share+1e-9)))
	return v
}

// definedIn says where an objective is declared, and as what its budget rests
// on it.
func definedIn(o slo.Objective) (place, text string) {
	if o.Position.File != "" {
		place = fmt.Sprintf("%s:%d", o.Position.File, o.Position.Line)
	}
	var out bytes.Buffer
	if json.Indent(&out, []byte(loop.Promise(o)), "", "  ") != nil {
		return place, ""
	}
	return place, out.String()
}

// An environmentRow is a gate of a service in one environment.
type environmentRow struct {
	Name, Link string
	Verdict    badge
}

// environments are those that policies of a service name, with what its gate
// says in each.
func (s *Server) environments(l look, service string) (out []environmentRow) {
	var names []string
	for _, p := range l.set.Policies {
		if p.Service == service {
			names = append(names, p.Environments...)
		}
	}
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		q := loop.GateQuestion{Service: service, Environment: name}
		out = append(out, environmentRow{name, "/gate?" + askedFor(q).Encode(), verdictBadge(l.gate(q).Verdict)})
	}
	return out
}

// dryRun says how many of some answers a policy that is only tried would not
// have let go.
func dryRun(given []loop.Verdict) string {
	n := 0
	for _, g := range given {
		if slices.ContainsFunc(g.Answer.Reasons, func(r loop.GateReason) bool { return r.Code == loop.GateDryRun }) {
			n++
		}
	}
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("Of these %s, %d went only since the policy is a dry run", plural(len(given), "answer", "answers"), n)
}
