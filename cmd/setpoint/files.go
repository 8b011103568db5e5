package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"setpoint.dev/setpoint/slo"
)

// readDefinitions reads the YAML and JSON files that paths name: files as they are,
// folders with all that is below them. What cannot be read is a problem like
// any other. A folder's links may not lead out of it.
func readDefinitions(paths []string) (files []slo.File, problems slo.Problems) {
	for _, path := range paths {
		found, wrong := readPath(path)
		files, problems = append(files, found...), append(problems, wrong...)
	}
	if len(files) == 0 && len(problems) == 0 {
		problems = slo.Problems{{Position: slo.Position{File: strings.Join(paths, ", ")}, Message: "there is no file that ends in .yaml, .yml or .json", Severity: slo.SeverityError}}
	}
	return files, problems
}

func readPath(path string) ([]slo.File, slo.Problems) {
	info, err := os.Stat(path)
	if err != nil || !info.IsDir() { // a file; one that is missing is reported by the reader
		return slo.ReadFiles(parent(path), filepath.Base(path), filepath.Dir(path))
	}
	root, err := os.OpenRoot(path)
	if err != nil {
		return nil, slo.Problems{{Position: slo.Position{File: path}, Message: err.Error(), Severity: slo.SeverityError}}
	}
	defer root.Close()
	return slo.ReadFiles(root.FS(), ".", path)
}

func parent(path string) fs.FS { return os.DirFS(filepath.Dir(path)) }
