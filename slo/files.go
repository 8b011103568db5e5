package slo

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"
)

// The bounds of a folder.
const (
	maxFiles = 50_000
	maxBytes = 256 << 20 // of all files together
)

// ReadFiles reads the files of definitions at name in fsys: a file, or a
// folder with all files below it that end in .yaml, .yml or .json, sorted by path.
// Names that begin with a dot are left out. Problems and files are named
// prefix/path.
//
// Only regular files are read, and no more of them than Load takes. A link
// that leads to a file is followed if fsys lets it (the file systems of
// os.Root let no link lead out of them), a link to a folder is not. What
// cannot be read is a problem; the other files are returned all the same.
func ReadFiles(fsys fs.FS, name, prefix string) ([]File, Problems) {
	w := walk{fsys: fsys, prefix: prefix}
	info, err := fs.Stat(fsys, name)
	switch {
	case err != nil:
		w.refuse(name, err)
	case info.IsDir():
		if err := fs.WalkDir(fsys, name, w.visit); err != nil {
			w.refuse(name, err)
		}
	default:
		w.read(name, info)
	}
	return w.files, w.problems
}

// A walk is one reading of a folder.
type walk struct {
	fsys     fs.FS
	prefix   string
	files    []File
	bytes    int
	problems Problems
}

func (w *walk) visit(name string, d fs.DirEntry, err error) error {
	hidden := strings.HasPrefix(d.Name(), ".") && d.Name() != "."
	switch {
	case hidden && d.IsDir():
		return fs.SkipDir
	case err != nil:
		w.refuse(name, err)
		if d.IsDir() {
			return fs.SkipDir
		}
		return nil
	case hidden || d.IsDir() || !isDefinition(name):
		return nil
	case len(w.files) == maxFiles:
		w.refuse(name, fmt.Errorf("more than %d files", maxFiles))
		return fs.SkipAll
	case w.bytes > maxBytes:
		w.refuse(name, fmt.Errorf("more than %d bytes in all files together", maxBytes))
		return fs.SkipAll
	}
	info, err := fs.Stat(w.fsys, name)
	if err != nil {
		w.refuse(name, err)
		return nil
	}
	w.read(name, info)
	return nil
}

func isDefinition(name string) bool {
	return strings.HasSuffix(name, ".yaml") || strings.HasSuffix(name, ".yml") || isJSON(name)
}

func isJSON(name string) bool { return strings.HasSuffix(name, ".json") }

// read reads one file, at most one byte more than Load takes.
func (w *walk) read(name string, info fs.FileInfo) {
	switch {
	case info.IsDir():
		return
	case !info.Mode().IsRegular():
		w.refuse(name, errors.New("not a regular file"))
		return
	}
	f, err := w.fsys.Open(name)
	if err != nil {
		w.refuse(name, err)
		return
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		w.refuse(name, err)
		return
	}
	w.bytes += len(data)
	w.files = append(w.files, File{Name: path.Join(w.prefix, name), Data: data})
}

func (w *walk) refuse(name string, err error) {
	var at *fs.PathError
	if errors.As(err, &at) {
		err = at.Err
	}
	w.problems = append(w.problems, Problem{
		Position: Position{path.Join(w.prefix, name), 1, 1}, Message: "read file: " + err.Error(), Severity: SeverityError,
	})
}
