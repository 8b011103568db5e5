package web

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"slices"
	"sync"
)

const (
	// templatesKept is how many pod templates of a workload are remembered:
	// as many as a Deployment keeps to be rolled back to.
	templatesKept = 10
	// workloadsKept bounds the memory; beyond it, some workload is forgotten.
	workloadsKept = 10_000
)

// A past remembers which pod templates workloads ran, in the order in which
// they were first seen, to know a rollback when it comes: kubectl rollout
// undo says nothing about being one. It is lost with the process; then a
// workload says so itself, by its setpoint.dev/change.
type past struct {
	mu  sync.Mutex
	ran map[string][]string // workload → fingerprints, oldest first
}

// back reports whether an update goes back to a template that ran before
// the one that runs now. To go forward again is no rollback. A dry run
// leaves nothing behind.
func (p *past) back(r admissionRequest) bool {
	key := r.Kind.Group + "/" + r.Kind.Kind + "/" + r.Namespace + "/" + r.Name
	runs, wanted := fingerprint(r.OldObject), fingerprint(r.Object)
	p.mu.Lock()
	defer p.mu.Unlock()
	ran := p.ran[key]
	if !slices.Contains(ran, runs) && runs != "" {
		ran = append(slices.Clone(ran), runs)
		ran = ran[max(0, len(ran)-templatesKept):]
		if !r.DryRun {
			p.keep(key, ran)
		}
	}
	i := slices.Index(ran, wanted)
	return i >= 0 && i < slices.Index(ran, runs)
}

func (p *past) keep(key string, ran []string) {
	if p.ran == nil {
		p.ran = map[string][]string{}
	}
	if _, known := p.ran[key]; !known && len(p.ran) >= workloadsKept {
		for other := range p.ran {
			delete(p.ran, other)
			break
		}
	}
	p.ran[key] = ran
}

// fingerprint tells pod templates apart, whatever the order of their keys.
// When it was last restarted is not part of a template; "" is none.
func fingerprint(o workload) string {
	var template map[string]any
	dec := json.NewDecoder(bytes.NewReader(o.template()))
	dec.UseNumber() // or great numbers would look alike
	if dec.Decode(&template) != nil {
		return ""
	}
	if metadata, ok := template["metadata"].(map[string]any); ok {
		if annotations, ok := metadata["annotations"].(map[string]any); ok {
			delete(annotations, "kubectl.kubernetes.io/restartedAt")
			if len(annotations) == 0 {
				delete(metadata, "annotations")
			}
		}
	}
	canonical, err := json.Marshal(template) // sorts keys
	if err != nil {
		return "" // what was JSON is JSON
	}
	sum := sha256.Sum256(canonical)
	return string(sum[:])
}
