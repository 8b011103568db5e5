//go:build linux

package main

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"setpoint.dev/setpoint/client"
)

// A folder is definitions that a server reads, in files of their own.
type folder struct {
	t    *testing.T
	path string
}

// put writes a file as editors do: beside it, then renamed over it.
func (f folder) put(name, text string) {
	f.t.Helper()
	beside := filepath.Join(f.path, "."+name+".swp")
	must(f.t, os.WriteFile(beside, []byte(text), 0o600))
	must(f.t, os.Rename(beside, filepath.Join(f.path, name)))
}

// split puts each document of shop.yaml in a file named after what it is.
func split(t *testing.T, path string) map[string]string {
	t.Helper()
	text, err := os.ReadFile(path)
	must(t, err)
	out := map[string]string{}
	names := []string{"source.yaml", "service.yaml", "fast.yaml", "timeout.yaml", "protect.yaml", "releases.yaml", "freeze.yaml", "policy.yaml"}
	docs := strings.Split(string(text), "\n---\n")
	if len(docs) != len(names) {
		t.Fatalf("shop.yaml has %d documents, want %d", len(docs), len(names))
	}
	for i, doc := range docs {
		out[names[i]] = doc
	}
	return out
}

// newFolder is a server over a folder with one definition a file.
func newFolder(t *testing.T, s *shop, mode string) (*server, folder, map[string]string) {
	t.Helper()
	v := newServer(s, mode, "1s")
	docs := split(t, v.args[len(v.args)-1])
	f := folder{t, t.TempDir()}
	for name, text := range docs {
		f.put(name, text)
	}
	v.args[len(v.args)-1] = f.path
	v.start()
	return v, f, docs
}

// target is the target in force.
func (v *server) target() string {
	v.t.Helper()
	return v.status().Objectives[0].Target.String()
}

func (v *server) inForce(target string) {
	v.t.Helper()
	v.within(20*time.Second, "target "+target+" is in force", func() bool { return v.target() == target })
}

func (v *server) get(path string) string {
	v.t.Helper()
	r, err := http.Get(v.url + path)
	must(v.t, err)
	defer r.Body.Close()
	text, err := io.ReadAll(r.Body)
	must(v.t, err)
	return string(text)
}

func retarget(doc, percent string) string {
	return strings.Replace(doc, "targetPercent: 90", "targetPercent: "+percent, 1)
}

// What people write is in force within a moment. What is wrong is not: the
// last good definitions stay, and everybody is told.
func TestReload(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	v, f, docs := newFolder(t, s, "observe")
	v.inSight()
	f.put("fast.yaml", retarget(docs["fast.yaml"], "95"))
	v.inForce("0.95")
	if o := v.status().Objectives[0]; o.Newest.IsZero() || o.Status == "no-data" {
		t.Errorf("after another target the objective is %s, want it in sight: what was counted is kept", o.Status)
	}
	typo(t, v, f, docs)
	hangup(t, v)
	more(t, v, f, docs)
	swapped(t, v, f, docs)
	versioned(t, v)
}

// versioned looks for every target that was in force on record, and restarts.
func versioned(t *testing.T, v *server) {
	t.Helper()
	v.ticked(2)
	targets := func() string {
		all, err := v.client().Versions(t.Context(), "checkout-fast")
		must(t, err)
		var out []string
		for _, one := range all {
			out = append(out, one.Target.String())
		}
		return strings.Join(out, " ")
	}
	const want = "0.9 0.95 0.97 0.98 0.99"
	if got := targets(); got != want {
		t.Errorf("targets on record: %s, want %s", got, want)
	}
	then, err := v.client().Objective(t.Context(), "checkout-fast")
	must(t, err)
	if len(then.Budget.Earlier) == 0 || !strings.Contains(v.get("/v1/objectives/checkout-fast?judge=today"), `"target":0.99`) || strings.Contains(v.get("/v1/objectives/checkout-fast?judge=today"), "earlier") {
		t.Errorf("budget after four changes: %+v; want what is past judged by earlier targets", then.Budget)
	}
	v.stop()
	v.start()
	v.ticked(2)
	if got := targets(); got != want {
		t.Errorf("targets on record after a restart: %s, want %s", got, want)
	}
}

// typo writes a typo, then half a file, then mends it.
func typo(t *testing.T, v *server, f folder, docs map[string]string) {
	t.Helper()
	since := v.status().Definitions.Since
	f.put("fast.yaml", strings.Replace(retarget(docs["fast.yaml"], "97"), "timeWindow", "timeWindw", 1))
	v.within(20*time.Second, "the typo is told", func() bool { return !v.status().Definitions.OK })
	d := v.status().Definitions
	if len(d.Problems) == 0 || !strings.Contains(d.Problems[0], "fast.yaml:") || !strings.Contains(strings.Join(d.Problems, "\n"), "did you mean timeWindow?") || !d.Since.Equal(since) {
		t.Errorf("definitions after a typo: %+v", d)
	}
	if got := v.target(); got != "0.95" {
		t.Errorf("target after a typo: %s, want the last good one, 0.95", got)
	}
	for _, path := range []string{"/", "/objectives/checkout-fast", "/decisions", "/control", "/gate"} {
		if page := v.get(path); !strings.Contains(page, "The definitions read last are refused.") || !strings.Contains(page, "timeWindow?") {
			t.Errorf("%s does not say that definitions were refused", path)
		}
	}
	if got := v.get("/metrics"); !strings.Contains(got, "setpoint_config_last_reload_successful 0") {
		t.Error("/metrics does not say that the reload did not succeed")
	}
	if text := v.logged(v.began); !strings.Contains(text, "definitions refused; the last good ones stay in force") || !strings.Contains(text, "timeWindw:") {
		t.Error("the log does not show the typo")
	}
	if out := v.run("status").out; !strings.Contains(out, "those read last are refused") {
		t.Errorf("status does not say that definitions were refused:\n%s", out)
	}
	half := docs["fast.yaml"][:len(docs["fast.yaml"])/2] + "\n  broken: ["
	must(t, os.WriteFile(filepath.Join(f.path, "fast.yaml"), []byte(half), 0o600))
	f.put("fast.yaml", retarget(docs["fast.yaml"], "97"))
	v.inForce("0.97")
	if d := v.status().Definitions; !d.OK || len(d.Problems) > 0 || !d.Since.After(since) {
		t.Errorf("definitions after the typo was mended: %+v", d)
	}
	if got := v.get("/metrics"); !strings.Contains(got, "setpoint_config_last_reload_successful 1") || !strings.Contains(got, "setpoint_config_last_reload_success_timestamp_seconds") {
		t.Error("/metrics does not say that the reload succeeded")
	}
	if strings.Contains(v.get("/"), "refused") {
		t.Error("the page still says that definitions are refused")
	}
}

// hangup asks for a reload of files that did not change.
func hangup(t *testing.T, v *server) {
	t.Helper()
	before := strings.Count(v.logged(v.began), `msg="definitions in force"`)
	must(t, v.process.cmd.Process.Signal(syscall.SIGHUP))
	v.within(20*time.Second, "SIGHUP reads again", func() bool {
		text := v.logged(v.began)
		return strings.Contains(text, "SIGHUP") && strings.Count(text, `msg="definitions in force"`) == before+1
	})
	v.alive()
}

// more adds a file in a new folder, and takes it away with the folder.
func more(t *testing.T, v *server, f folder, docs map[string]string) {
	t.Helper()
	deep := folder{t, filepath.Join(f.path, "team", "a")}
	must(t, os.MkdirAll(deep.path, 0o700))
	deep.put("slow.yaml", strings.ReplaceAll(docs["fast.yaml"], "checkout-fast", "checkout-slow"))
	names := func() (out []string) {
		for _, o := range v.status().Objectives {
			out = append(out, o.Name)
		}
		return out
	}
	v.within(20*time.Second, "the new objective is in force", func() bool { return len(names()) == 2 })
	deep.put("slow.yaml", strings.ReplaceAll(docs["fast.yaml"], "checkout-fast", "checkout-slower"))
	v.within(20*time.Second, "the file in the new folder is watched", func() bool { return strings.Join(names(), " ") == "checkout-fast checkout-slower" })
	must(t, os.RemoveAll(filepath.Join(f.path, "team")))
	v.within(20*time.Second, "the objective goes with its folder", func() bool { return len(names()) == 1 })
}

// swapped is how Kubernetes replaces the files of a ConfigMap: links to
// ..data, which is a link to a hidden folder.
func swapped(t *testing.T, v *server, f folder, docs map[string]string) {
	t.Helper()
	version := func(name, percent string) {
		dir := filepath.Join(f.path, name)
		must(t, os.Mkdir(dir, 0o700))
		must(t, os.WriteFile(filepath.Join(dir, "fast.yaml"), []byte(retarget(docs["fast.yaml"], percent)), 0o600))
		must(t, os.Symlink(name, filepath.Join(f.path, "..data_tmp")))
		must(t, os.Rename(filepath.Join(f.path, "..data_tmp"), filepath.Join(f.path, "..data")))
	}
	version("..2026_01", "98")
	must(t, os.Remove(filepath.Join(f.path, "fast.yaml")))
	must(t, os.Symlink(filepath.Join("..data", "fast.yaml"), filepath.Join(f.path, "fast.yaml")))
	v.inForce("0.98")
	version("..2026_02", "99")
	must(t, os.RemoveAll(filepath.Join(f.path, "..2026_01")))
	v.inForce("0.99")
}

// Loops and actuators that are taken away while they are tight leave nothing
// tight in silence, and nothing relaxed by accident.
func TestReloadWhileTight(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	s.watch()
	v, f, docs := newFolder(t, s, "act")
	v.inSight()
	s.burning()
	v.within(60*time.Second, "everything is tight", func() bool {
		return v.setting("reports-timeout") == 1 && v.setting("releases") == 1
	})
	for _, name := range []string{"freeze.yaml", "releases.yaml", "policy.yaml", "protect.yaml"} {
		must(t, os.Remove(filepath.Join(f.path, name)))
	}
	s.healthy()
	waits := func(actuator string) bool {
		for _, st := range v.status().Settings {
			if st.Actuator == actuator {
				return st.Loop == "unattended" && st.Mode == "ask"
			}
		}
		return false
	}
	v.within(30*time.Second, "both wait for a person", func() bool { return waits("releases") && waits("reports-timeout") })
	v.ticked(8)
	if v.setting("releases") != 1 || v.setting("reports-timeout") != 1 || s.timeout() != "1000" {
		t.Errorf("without loops: releases %v, reports-timeout %v (%s in the database), want both tight", v.setting("releases"), v.setting("reports-timeout"), s.timeout())
	}
	denies := func() bool {
		g, err := v.client().Gate(t.Context(), client.Question{Service: "checkout"})
		return err == nil && !g.Allowed && g.Verdict == "deny"
	}
	if !denies() {
		t.Error("the gate lets releases go with a freeze left behind")
	}
	v.kill()
	v.start()
	v.within(30*time.Second, "both wait for a person after a restart, and the gate denies", func() bool { return waits("releases") && waits("reports-timeout") && denies() })
	if page := v.get("/"); !strings.Contains(page, "releases was left at frozen") || !strings.Contains(page, "It is not declared any more") {
		t.Error("the page does not say what was left")
	}
	f.put("protect.yaml", docs["protect.yaml"])
	v.within(30*time.Second, "the loop that is back relaxes", func() bool { return v.setting("reports-timeout") == 30 })
	v.give("approve", "releases", "0", "--why", "the team has gone")
	v.within(30*time.Second, "the freeze is gone", func() bool { return len(v.status().Settings) == 1 })
	if text := v.logged(v.began); strings.Contains(text, "level=ERROR") {
		t.Error("there are errors in the log")
	}
}
