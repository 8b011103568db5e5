package web

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"setpoint.dev/setpoint/client"
	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/slo"
)

// judged is what an answer goes by: what was in force then, or all of the past
// by today's targets, when that is asked for.
func judged(l look, r *http.Request) (look, bool, error) {
	switch by := r.URL.Query().Get("judge"); by {
	case "", "then":
		return l, false, nil
	case "today":
		l.report.States = slices.Clone(l.report.States)
		for i, s := range l.report.States {
			l.report.States[i] = s.Today()
		}
		return l, true, nil
	default:
		return l, false, refuse(http.StatusBadRequest, "bad-judge", fmt.Sprintf("judge is then or today, not %q", short(by)), "")
	}
}

func short(text string) string { return text[:min(len(text), 40)] }

// versions lists the versions of an objective, the oldest first.
func (s *Server) versions(w http.ResponseWriter, r *http.Request) {
	serveJSON(s, w, r, pathed("name"), func(r *http.Request, name string) (map[string][]client.Version, error) {
		all, err := s.lineage(r.Context(), name)
		if err == nil && (len(all) == 0 || strings.HasPrefix(name, policiesOf(""))) {
			err = unknown("objective", name)
		}
		out := []client.Version{}
		for i, v := range all {
			out = append(out, wireVersion(all, i, v))
		}
		return map[string][]client.Version{"versions": out}, err
	})
}

// lineage asks the ledger for versions.
func (s *Server) lineage(ctx context.Context, objective string) ([]loop.Version, error) {
	if s.cfg.Versions == nil {
		return nil, errNoLedger
	}
	ctx, cancel := context.WithTimeout(ctx, ledgerPatience)
	defer cancel()
	all, err := s.cfg.Versions(ctx, objective)
	if err != nil {
		s.failed(err)
		return nil, errLedgerDown
	}
	return all, nil
}

func wireVersion(all []loop.Version, i int, v loop.Version) client.Version {
	out := client.Version{Version: v.Hash, Since: v.Since, At: v.At, Definition: json.RawMessage(v.Text), Changes: []client.Change{}}
	if i+1 < len(all) {
		out.Until = all[i+1].Since
	}
	if o, _, err := loop.ParsePromise(v.Text); err == nil {
		out.Target = json.Number(o.Target.String())
	}
	if i > 0 {
		out.Changes = differences(all[i-1].Text, v.Text)
	}
	return out
}

// differences are the keys in which two versions differ.
func differences(old, now string) []client.Change {
	was, is := flat(old), flat(now)
	keys := maps.Clone(was)
	maps.Copy(keys, is)
	out := []client.Change{}
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		if was[key] != is[key] {
			out = append(out, client.Change{Key: key, Old: was[key], New: is[key]})
		}
	}
	return out
}

// flat is a definition as its keys, with dots between them, and their values.
func flat(text string) map[string]string {
	var tree any
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	out := map[string]string{}
	if dec.Decode(&tree) == nil {
		flatten("", tree, out)
	}
	return out
}

func flatten(key string, v any, out map[string]string) {
	below := func(name string) string { return strings.TrimPrefix(key+"."+name, ".") }
	switch v := v.(type) {
	case map[string]any:
		for name, child := range v {
			flatten(below(name), child, out)
		}
	case []any:
		for i, child := range v {
			flatten(below(fmt.Sprint(i)), child, out)
		}
	case json.Number:
		out[key] = v.String()
		if ns, err := v.Int64(); err == nil && (strings.HasSuffix(key, "length") || strings.HasSuffix(key, "slice")) {
			out[key] = slo.Span(time.Duration(ns))
		}
	default:
		out[key] = fmt.Sprint(v)
	}
}

// A pastView is what the page of an objective says of its earlier versions.
type pastView struct {
	Versions []versionRow // the newest first
	Unread   string       // why they could not be read
	Earlier  []string     // which events are judged by earlier targets
	Today    bool         // all are judged by today's
	Other    string       // link to the other way to judge; empty when both are the same
	Recount  string       // how far the past was counted anew so far
}

// A versionRow is a version of an objective in a list.
type versionRow struct {
	Version, Target string
	Since           string // empty = ever
	Stamp           string
	Changes         []client.Change
}

func (s *Server) pastView(ctx context.Context, then look, name string, today bool) pastView {
	v := pastView{Today: today}
	st, _ := then.state(name)
	for _, e := range st.Budget.Earlier {
		v.Earlier = append(v.Earlier, fmt.Sprintf("%s of %s %s by %s", count(st.Events(e.Total)), count(st.Events(st.Budget.Total())), st.Noun(), exactly(e.Target)))
	}
	if (len(v.Earlier) > 0 || st.ByToday != nil) && !today {
		v.Other = "?" + url.Values{"judge": {"today"}}.Encode()
	} else if today {
		v.Other = "?" + url.Values{"judge": {"then"}}.Encode()
	}
	if !st.Recounted.IsZero() {
		v.Recount = clock(st.Recounted, then.now)
	}
	if s.cfg.Versions == nil {
		return v
	}
	all, err := s.lineage(ctx, name)
	if err != nil {
		v.Unread = problemOf(err).Message
	}
	for i, one := range all {
		row := versionRow{Version: one.Hash, Changes: wireVersion(all, i, one).Changes, Stamp: stamp(one.Since)}
		if o, _, err := loop.ParsePromise(one.Text); err == nil {
			row.Target = exactly(o.Target)
		}
		if !one.Since.IsZero() {
			row.Since = clock(one.Since, then.now)
		}
		v.Versions = append([]versionRow{row}, v.Versions...)
	}
	return v
}
