package sli

// Continues reports whether a process that had observed a may have observed b
// later.
func Continues(a, b Histogram) bool {
	_, ok := a.in(b)
	return ok
}
