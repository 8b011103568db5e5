package main

import (
	"context"
	"io/fs"
	"log/slog"
	"path/filepath"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"
)

const (
	quiet       = 100 * time.Millisecond // files are read when nothing happened for so long,
	patience    = 2 * time.Second        // or when something happens all the time for so long
	pollWatched = time.Minute            // for what no event tells of, as on network file systems
	pollBlind   = 2 * time.Second        // where a folder cannot be watched
)

// watchFiles sends to changes when files below paths may have changed, until ctx
// ends. Folders are watched, never files: editors and deployments put another
// file, or another folder, in the place of the old one. After each change all
// folders are watched anew, and changes is told after that, so that nothing
// goes unseen in between. What cannot be watched is looked at every two
// seconds.
func watchFiles(ctx context.Context, paths []string, log *slog.Logger, changes chan<- struct{}) {
	blind := ""
	for ctx.Err() == nil {
		w, err := openWatch(paths)
		every := pollWatched
		if err != nil {
			every = pollBlind
			if blind != err.Error() {
				blind = err.Error()
				log.Warn("definitions are read every "+pollBlind.String()+": their folders cannot be watched", "error", err)
			}
		}
		select {
		case changes <- struct{}{}:
		case <-ctx.Done():
		}
		w.wait(ctx, every)
		w.close()
	}
}

// A watched is the folders that are watched for a while.
type watched struct {
	events *fsnotify.Watcher
	names  map[string]map[string]bool // :: folder → the names in it that matter; nil = all
}

// openWatch watches the folders of paths. It returns what could be watched,
// with an error that says what could not.
func openWatch(paths []string) (*watched, error) {
	w := &watched{names: map[string]map[string]bool{}}
	for _, path := range paths {
		w.want(path)
		if real, err := filepath.EvalSymlinks(path); err == nil {
			w.want(real)
		}
	}
	var err error
	if w.events, err = fsnotify.NewWatcher(); err != nil {
		w.events = &fsnotify.Watcher{} // no event ever comes
		return w, err
	}
	for dir := range w.names {
		if e := w.events.Add(dir); e != nil {
			err = e
		}
	}
	return w, err
}

// want notes the folders of a path: the one that it is in, for its own name,
// and those below it.
func (w *watched) want(path string) {
	path = filepath.Clean(path)
	parent := filepath.Dir(path)
	if names, there := w.names[parent]; !there || names != nil {
		if !there {
			w.names[parent] = map[string]bool{}
		}
		w.names[parent][filepath.Base(path)] = true
	}
	_ = filepath.WalkDir(path, func(dir string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return fs.SkipDir // the reader says what is wrong with it
		case d.IsDir() && hidden(d.Name()) && dir != path:
			return fs.SkipDir
		case d.IsDir():
			w.names[dir] = nil
		}
		return nil
	})
}

// wait returns when something happened that matters and is over, after every
// at the latest, or when ctx ends.
func (w *watched) wait(ctx context.Context, every time.Duration) {
	poll := time.After(every)
	for {
		select {
		case <-ctx.Done():
			return
		case <-poll:
			return
		case <-w.events.Errors: // events were lost
			return
		case e := <-w.events.Events:
			if w.matters(e) {
				w.settle(ctx)
				return
			}
		}
	}
}

// settle returns when nothing happened for a moment.
func (w *watched) settle(ctx context.Context) {
	enough := time.After(patience)
	for {
		select {
		case <-ctx.Done():
			return
		case <-enough:
			return
		case <-w.events.Events:
		case <-time.After(quiet):
			return
		}
	}
}

// matters leaves out what can change no definition: marks of files, and names
// that are not looked for. Kubernetes swaps a link named ..data.
func (w *watched) matters(e fsnotify.Event) bool {
	dir, name := filepath.Dir(e.Name), filepath.Base(e.Name)
	names := w.names[dir]
	return e.Op != fsnotify.Chmod && (strings.HasPrefix(name, "..") || names[name] || names == nil && !hidden(name))
}

func (w *watched) close() {
	if w.events.Events != nil {
		_ = w.events.Close()
	}
}

func hidden(name string) bool { return strings.HasPrefix(name, ".") && name != "." && name != ".." }
