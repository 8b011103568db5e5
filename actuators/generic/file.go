package generic

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// A file keeps a setting as JSON: {"setting": 40, "move": {…}}. It is replaced
// as a whole, so that who reads it sees the old one or the new one.
type file struct{ path string }

// A kept is a setting with the move that set it, as files and webhooks have it.
type kept struct {
	Setting *float64 `json:"setting"`
	Move    *move    `json:"move,omitempty"`
}

func (k kept) state() (state, error) {
	if k.Setting == nil {
		return state{}, fmt.Errorf("%w: there is no number named setting", errStrange)
	}
	return state{setting: *k.Setting, set: true, move: k.Move}, nil
}

// maxText bounds how much is read of a place, in bytes.
const maxText = 1 << 20

func (f file) read(context.Context) (state, error) {
	info, err := os.Stat(f.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return state{}, nil
	case err != nil:
		return state{}, err
	case !info.Mode().IsRegular() || info.Size() > maxText:
		return state{}, fmt.Errorf("%w: %s is no small file", errStrange, f.path)
	}
	text, err := os.ReadFile(f.path)
	if err != nil {
		return state{}, err
	}
	var k kept
	if err := json.Unmarshal(text, &k); err != nil {
		return state{}, fmt.Errorf("%w: %s: %w", errStrange, f.path, err)
	}
	return k.state()
}

// write replaces the file by one that is complete on disk before it has the
// name. The folder is synced too, so that the name survives a power cut.
func (f file) write(_ context.Context, m move, _ state) (err error) {
	text, err := json.Marshal(kept{&m.Setting, &m})
	if err != nil {
		return err
	}
	folder := filepath.Dir(f.path)
	tmp, err := os.CreateTemp(folder, ".setpoint-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(tmp.Name()))
		}
	}()
	_, err = tmp.Write(append(text, '\n'))
	if err = errors.Join(err, tmp.Chmod(0o644), tmp.Sync(), tmp.Close()); err != nil {
		return err
	}
	if err = os.Rename(tmp.Name(), f.path); err != nil {
		return err
	}
	return syncFolder(folder)
}

func syncFolder(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
