package cluster

// Installed is an installed PostgreSQL, for tests of the choice among several.
type Installed struct {
	Dir   string
	Major int
}

// Choose is choose with exported types; it returns the chosen directory.
func Choose(found []Installed, want int) (string, error) {
	var all []binaries
	for _, f := range found {
		all = append(all, binaries{dir: f.Dir, major: f.Major})
	}
	b, err := choose(all, want, "/data")
	return b.dir, err
}

// Find is find for the user who runs the server, with directories only.
func Find(bin string) ([]string, error) {
	o, err := ownerOf("/nonexistent")
	var dirs []string
	for _, b := range find(o, bin) {
		dirs = append(dirs, b.dir)
	}
	return dirs, err
}
