package web

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"setpoint.dev/setpoint/budget"
	"setpoint.dev/setpoint/client"
	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/slo"
)

const (
	mostSeen   = 3   // objectives of a loop that are drawn
	mostWishes = 10  // that are listed
	mostMoves  = 500 // that are looked at
)

// A loopView is the page of one actuator and its loop.
type loopView struct {
	Card       actuatorCard
	Rules      []linkRow // objectives that the loop looks at
	Next       string    // what comes next, in words
	Swings     string    // whether it swings
	Facts      []item
	Range      string
	Ranges     []string
	From, To   string
	Start, End string
	Charts     []chart
	Simulated  bool // the last of them is of what its loop would have set
	Unread     []string
	Notes      []noteRow
	Shadow     *shadowView
	ShadowBad  string
	Orders     []orderRow // about it, the newest first
}

// A shadowView is how a loop did while it was not free to act, and what it is
// worth.
type shadowView struct {
	Score, Looked, Sooner string
	Turns                 []item
	Lacks                 []string
	Wishes                []wishRow
	Promoted              bool
	Worth                 string
	Weighed               []item
}

type wishRow struct{ At, Stamp, What, Turned, Words, Link string }

// actuatorPage shows what a loop looks at and what it does on one time axis.
func (s *Server) actuatorPage(w http.ResponseWriter, r *http.Request) {
	name, err := param(r, "actuator")
	if err != nil {
		s.problem(w, r, err)
		return
	}
	l := s.look(here(r))
	setting, ok := l.setting(name)
	if !ok {
		s.problem(w, r, refuse(http.StatusNotFound, "unknown-actuator", "there is no actuator "+name+" whose setting was read", "control lists them"))
		return
	}
	at, err := askSettingStretch(r, l.now)
	if err != nil {
		s.problem(w, r, err)
		return
	}
	s.render(w, r, http.StatusOK, "loop", s.page(l, "control", name, s.loopView(r.Context(), l, setting, at)).refreshed(r))
}

// askSettingStretch reads ?range=, 1d when it is not said, or ?from= and ?to=.
func askSettingStretch(r *http.Request, now time.Time) (stretch, error) {
	if r.URL.Query().Get("from")+r.URL.Query().Get("to")+r.URL.Query().Get("range") == "" {
		return stretch{frame: frame{now.Add(-24 * time.Hour), now}, Range: "1d"}, nil
	}
	at, err := askStretch(r, slo.Objective{Window: slo.Window{Length: 28 * 24 * time.Hour}}, budget.State{}, now)
	at.whole = false
	return at, err
}

func (s *Server) loopView(ctx context.Context, l look, setting loop.Setting, at stretch) loopView {
	c, _ := l.loopOf(setting.Actuator)
	v := loopView{Card: s.actuatorCard(l, s.frame(l.now), setting), Range: at.Range, Ranges: ranges()[1:], Start: clock(at.from, l.now), End: clock(at.to, l.now)}
	v.From, v.To = at.from.In(l.now.Location()).Format(formTime), at.to.In(l.now.Location()).Format(formTime)
	if at.Range != "" && !slices.Contains(v.Ranges, at.Range) {
		v.Ranges = append(v.Ranges, at.Range)
	}
	v.Notes = s.loopNotes(ctx, l, setting, at.frame)
	v.drawAll(s, ctx, l, c, setting, at)
	d, decided := l.latest(setting.Actuator)
	if decided {
		v.Next = nextWords(l, d)
	}
	v.Facts = loopItems(l, c, setting, d)
	v.Swings = s.swings(ctx, setting.Actuator, at.frame)
	for _, o := range l.report.Orders {
		if o.Target == setting.Actuator {
			v.Orders = append(v.Orders, orderRowOf(l, o))
		}
	}
	if c.Name != "" {
		v.shadow(s, ctx, l, c)
	}
	return v
}

// drawAll draws the indicator of each objective that the loop looks at, how it
// burns, and the setting under them.
func (v *loopView) drawAll(s *Server, ctx context.Context, l look, c slo.ControlLoop, setting loop.Setting, at stretch) {
	var bands []band
	for _, name := range objectivesOf(c) {
		v.Rules = append(v.Rules, linkRow{name, "/objectives/" + name})
		o, ok := l.objective(name)
		if !ok || len(v.Rules) > mostSeen {
			continue
		}
		h, err := s.readHistory(ctx, l, o, at)
		if err != nil {
			v.Unread = append(v.Unread, name+": "+problemOf(err).Message)
			continue
		}
		bands = append(bands, h.bands(l)...)
		good := h.goodChart()
		good.Label = name + ": " + good.Label
		v.Charts = append(v.Charts, good)
		only := &slo.Set{Loops: []slo.ControlLoop{c}}
		if pairs := pairsOf(only, o); len(pairs) > 0 {
			v.Charts = append(v.Charts, h.pairChart(pairs[0]))
		}
	}
	drawn, unread := s.settingPast(ctx, l, setting, at.frame)
	if v.Charts = append(v.Charts, drawn); unread != "" {
		v.Unread = append(v.Unread, "its settings: "+unread)
	}
	v.simulate(s, ctx, l, c, setting, at.frame)
	bands = append(bands, noteBands(v.Notes, at.frame)...)
	for i := range v.Charts {
		v.Charts[i].Bands, v.Charts[i].Marks = bands, marksOf(v.Notes, at.frame)
	}
}

// simulate draws beside the setting what the loop would have set.
func (v *loopView) simulate(s *Server, ctx context.Context, l look, c slo.ControlLoop, setting loop.Setting, f frame) {
	if c.Name == "" || s.cfg.Ledger == nil {
		return
	}
	drawn, err := s.simulated(ctx, l, c, setting, f)
	switch {
	case err != nil:
		v.Unread = append(v.Unread, "what its loop would have set: "+problemOf(err).Message)
	case drawn != nil:
		v.Simulated = true
		v.Charts = append(v.Charts, *drawn)
	}
}

// objectivesOf are those that the rules of a loop look at, each once.
func objectivesOf(c slo.ControlLoop) (out []string) {
	for _, r := range c.Rules {
		if r.Objective != "" && !slices.Contains(out, r.Objective) {
			out = append(out, r.Objective)
		}
	}
	return out
}

// loopNotes is what happened to an actuator and its service.
func (s *Server) loopNotes(ctx context.Context, l look, setting loop.Setting, f frame) []noteRow {
	out := s.moveNotes(ctx, l, setting.Actuator, f)
	if setting.Service != "" {
		out = append(out, s.deployNotes(ctx, setting.Service, f)...)
	}
	orders, _ := s.ordersSince(ctx, f.from)
	for _, g := range orders {
		if g.Target == setting.Actuator || concerns(l, g, setting.Service, "") {
			out = append(out, orderNote(l, g))
		}
	}
	return noted(l, f, out)
}

// nextWords say what a loop does next.
func nextWords(l look, d loop.Decision) string {
	a, _ := l.actuator(d.Actuator)
	c, _ := l.loopOf(d.Actuator)
	words := "It is where its rules want it"
	if d.Wanted != d.To {
		words = "Its rules want " + a.Show(d.Wanted) + ", and it stands at " + a.Show(d.To)
	}
	moved := d.Input.Conditions.LastMove
	if d.Verb != loop.Hold {
		moved = d.Input.At
	}
	if free := moved.Add(c.Cooldown); !moved.IsZero() && free.After(l.now) {
		words += "; it rests from its last move until " + clock(free, l.now)
	}
	return words
}

// loopItems are the bounds within which a loop works.
func loopItems(l look, c slo.ControlLoop, setting loop.Setting, d loop.Decision) []item {
	a := declaredOr(l, setting)
	out := []item{{"range", a.Show(a.Rest) + " at rest to " + a.Show(a.Tight)}}
	if c.Name == "" {
		return append(out, item{"loop", "none moves it"})
	}
	out = append(out, item{"loop", c.Name + " " + modeWords(c.Mode)}, item{"owner", orNone(c.Owner)})
	if c.Step.Tighten > 0 || c.Step.Relax > 0 {
		out = append(out, item{"step", fmt.Sprintf("%g to tighten, %g to relax at most (0 = any)", c.Step.Tighten, c.Step.Relax)})
	}
	if c.Cooldown > 0 {
		out = append(out, item{"rests between moves", window(c.Cooldown)})
	}
	out = append(out, item{"fence", fmt.Sprintf("moves carry epoch %d of timeline %d; older ones are refused", l.report.Epoch, max(l.report.Timeline, 1))})
	if d.Input.Policy != "" {
		out = append(out, item{"definition", d.Input.Policy})
	}
	return out
}

func orNone(text string) string {
	if text == "" {
		return "nobody"
	}
	return text
}

// swings says how often a setting turned in a stretch of time, and whether
// that is to and fro rather than once into an incident and once out of it.
func (s *Server) swings(ctx context.Context, actuator string, f frame) string {
	found, err := s.history(ctx, Filter{Actuator: actuator, Moves: true, From: f.from, To: f.to, Limit: mostMoves})
	if err != nil || len(found) == 0 {
		return "It did not move"
	}
	turns := 0
	for i := 1; i < len(found); i++ {
		if found[i].Decision.Verb != found[i-1].Decision.Verb {
			turns++
		}
	}
	words := fmt.Sprintf("It moved %s and turned %s", plural(len(found), "time", "times"), plural(turns, "time", "times"))
	const swinging = 6 // turns: three incidents, or a loop that hunts
	if span := found[0].Decision.Input.At.Sub(found[len(found)-1].Decision.Input.At); turns >= swinging {
		words += fmt.Sprintf(": it swings, about every %s. A wider gap between its tiers, a longer cooldown or smaller steps calm it", about(2*span/time.Duration(turns)))
	}
	return words
}

// judgedFor is how long it is remembered how a loop did: all of its record is
// read for it.
const judgedFor = time.Minute

// A judgement is how a loop did, until it is old.
type judgement struct {
	set   *slo.Set
	until time.Time
	view  *shadowView
	bad   string // why it is not known
}

// judgements are by actuator and zone. The zero value is ready.
type judgements struct {
	mu   sync.Mutex
	kept map[string]judgement
}

// shadow fills in how the loop did.
func (v *loopView) shadow(s *Server, ctx context.Context, l look, c slo.ControlLoop) {
	s.judgements.mu.Lock() // one at a time: the others find what it remembers
	defer s.judgements.mu.Unlock()
	key := c.Actuator + " " + l.now.Location().String()
	j, ok := s.judgements.kept[key]
	if !ok || j.set != l.set || !l.now.Before(j.until) {
		if j = s.judge(ctx, l, c); s.judgements.kept == nil || len(s.judgements.kept) > keptTrends {
			s.judgements.kept = map[string]judgement{}
		}
		s.judgements.kept[key] = j
	}
	v.Shadow, v.ShadowBad = j.view, j.bad
}

func (s *Server) judge(ctx context.Context, l look, c slo.ControlLoop) judgement {
	j := judgement{set: l.set, until: l.now.Add(judgedFor)}
	if s.cfg.Witness == nil {
		j.bad = "definitions of the past cannot be read here"
		return j
	}
	entries, orders, err := s.knownOf(ctx, l, c)
	if err != nil {
		j.bad, j.until = problemOf(err).Message, l.now
		return j
	}
	a, _ := l.actuator(c.Actuator)
	sh, worth := loop.ShadowOf(c, a, entries, orders), loop.WorthOf(c, a, entries, orders)
	j.view = shadowViewOf(l, wireShadow(sh, c, l), a)
	j.view.Worth = worth.Words()
	for _, w := range []struct {
		name string
		n    int
	}{{"needed", worth.Right}, {"people had to do it", worth.Missed}, {"not needed, or no help", worth.False}, {"too early to tell", worth.Open}} {
		j.view.Weighed = append(j.view.Weighed, item{w.name, fmt.Sprint(w.n)})
	}
	return j
}

func shadowViewOf(l look, sh client.Shadow, a slo.Actuator) *shadowView {
	v := &shadowView{Score: "none yet", Looked: about(seconds(sh.Looked)), Lacks: sh.Lacks, Promoted: sh.Promoted}
	if sh.Score != nil {
		v.Score = percent(*sh.Score)
	}
	if sh.Sooner > 0 {
		v.Sooner = about(seconds(sh.Sooner))
	}
	for _, t := range []struct {
		name string
		n    int
	}{
		{"people did the same", sh.Same}, {"needed, and nobody did", sh.Needed}, {"needless", sh.Needless}, {"people did the opposite", sh.Opposed}, {"the counts were disputed", sh.Disputed},
		{"people did, and it had not wished", sh.Missed}, {"too early to tell", sh.Open},
	} {
		v.Turns = append(v.Turns, item{t.name, fmt.Sprint(t.n)})
	}
	for _, w := range sh.Wishes[:min(len(sh.Wishes), mostWishes)] {
		v.Wishes = append(v.Wishes, wishRow{
			At: clock(w.At, l.now), Stamp: stamp(w.At), What: w.Verb + " " + a.Show(w.From) + " → " + a.Show(w.Wanted), Turned: w.Turned, Words: w.Words, Link: "/decisions/" + w.Decision,
		})
	}
	return v
}
