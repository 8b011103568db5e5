package ledgertest

import (
	"testing"
	"time"

	"setpoint.dev/setpoint/ledger"
	"setpoint.dev/setpoint/loop"
)

// Version is a valid version of an objective that is in force since a minute;
// below 0, for all of the past.
func Version(objective, text string, since int) loop.Version {
	v := loop.Version{Objective: objective, Hash: loop.PolicyHash([]byte(text)), Text: text, At: at(60)}
	if since >= 0 {
		v.Since = at(since)
	}
	return v
}

// The same version again is no new one; one from before is.
func versions(t *testing.T, l Ledger) {
	first, second, other := Version("checkout", "a <≤ & ü>", -1), Version("checkout", "b", 2), Version("search", "a", -1)
	back := Version("checkout", first.Text, 5)
	check(t, "Revise", l.Revise(t.Context(), []loop.Version{first, other}))
	check(t, "Revise twice", l.Revise(t.Context(), []loop.Version{first, other, first}))
	check(t, "Revise of several", l.Revise(t.Context(), []loop.Version{second, back}))
	check(t, "Revise the newest again, later", l.Revise(t.Context(), []loop.Version{Version("checkout", first.Text, 7)}))
	check(t, "Revise nothing", l.Revise(t.Context(), nil))
	for objective, want := range map[string][]loop.Version{"checkout": {first, second, back}, "search": {other}, "nobody": nil} {
		got, err := l.Versions(t.Context(), objective)
		check(t, "Versions", err)
		diff(t, "versions of "+objective, got, [][]loop.Version{want})
	}
}

// What is refused is refused whole.
func versionsRefused(t *testing.T, l Ledger) {
	check(t, "Revise", l.Revise(t.Context(), []loop.Version{Version("checkout", "a", 3)}))
	for name, spoil := range map[string]func(*loop.Version){
		"earlier than the newest": func(v *loop.Version) { v.Since = at(3) },
		"for all of the past":     func(v *loop.Version) { v.Since = time.Time{} },
		"another hash":            func(v *loop.Version) { v.Hash = "0" },
		"no objective":            func(v *loop.Version) { v.Objective = "" },
		"no time":                 func(v *loop.Version) { v.At = time.Time{} },
	} {
		bad := Version("checkout", "b", 9)
		spoil(&bad)
		wantErr(t, name, l.Revise(t.Context(), []loop.Version{Version("search", "a", -1), bad}), ledger.ErrInvalid)
	}
	lists, err := l.Versions(t.Context(), "nobody", "search")
	got := lists[1]
	check(t, "Versions", err)
	diff(t, "versions after refusals", got, []loop.Version(nil))
}
