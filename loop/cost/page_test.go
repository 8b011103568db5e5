package cost_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

const page = "../../docs/benchmarks.md"

// What people wrote on a page stays as it is when a part of it is made anew.
func TestPut(t *testing.T) {
	const old = "by hand\n<!-- made: a -->\n\nold\n\n<!-- end of a -->\nby hand too\n<!-- made: b -->\n\nb\n\n<!-- end of b -->\n"
	got, err := put(old, "a", "new\n")
	if want := strings.Replace(old, "old", "new", 1); got != want || err != nil {
		t.Errorf("got %q, %v; want %q", got, err, want)
	}
	for _, wrong := range []string{"", "<!-- made: a -->\n", "<!-- end of a -->\n<!-- made: a -->\n", "<!-- made: a -->\n<!-- end of b -->\n"} {
		if got, err := put(wrong, "a", "new\n"); err == nil {
			t.Errorf("put into %q: got %q and no error", wrong, got)
		}
	}
}

// put puts what was made between the marks of a part of a page.
func put(page, part, made string) (string, error) {
	begin, end := "<!-- made: "+part+" -->\n", "<!-- end of "+part+" -->\n"
	before, rest, found := strings.Cut(page, begin)
	_, after, ended := strings.Cut(rest, end)
	if !found || !ended {
		return "", fmt.Errorf("put part %s on a page: it has no lines %q and, after it, %q", part, strings.TrimSpace(begin), strings.TrimSpace(end))
	}
	return before + begin + "\n" + made + "\n" + end + after, nil
}

// writePart writes a part of docs/benchmarks.md.
func writePart(t *testing.T, part, made string) {
	t.Helper()
	text, err := put(readPage(t), part, made)
	if err == nil {
		err = os.WriteFile(page, []byte(text), 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func readPage(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
