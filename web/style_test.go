package web_test

import (
	"math"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// TestContrast works out the contrast of each pair of colours that the page
// puts on one another, in both themes, by WCAG 2.2 §1.4.3 and §1.4.11: text
// needs 4.5, marks and lines that carry meaning need 3.
func TestContrast(t *testing.T) {
	css, err := os.ReadFile("assets/style.css")
	if err != nil {
		t.Fatal(err)
	}
	light, rest, _ := strings.Cut(string(css), "prefers-color-scheme: dark")
	dark, _, _ := strings.Cut(rest, "*, *::before")
	for theme, colours := range map[string]map[string]string{"light": variables(light), "dark": variables(dark)} {
		for _, c := range []struct {
			on    []string
			least float64
			these []string
		}{
			{[]string{"paper", "card", "track", "blue-wash", "warn-wash", "bad-wash"}, 4.5, []string{"ink"}},
			{[]string{"paper", "card"}, 4.5, []string{"soft", "blue", "none", "ok", "warn", "bad"}},
			{[]string{"track", "blue-wash"}, 4.5, []string{"soft"}},
			{[]string{"blue-wash", "bad-wash", "warn-wash"}, 4.5, []string{"blue"}},
			{[]string{"bad-wash"}, 4.5, []string{"bad"}},
			{[]string{"warn-wash"}, 4.5, []string{"warn"}},
			{[]string{"blue", "bad"}, 4.5, []string{"card"}},
			{[]string{"card"}, 3, []string{"rule-strong", "ok-fill", "warn-fill", "bad-fill", "focus"}},
		} {
			for _, on := range c.on {
				for _, this := range c.these {
					if got := contrast(t, colours[this], colours[on]); got < c.least {
						t.Errorf("%s: --%s on --%s has a contrast of %.2f, needs %.1f", theme, this, on, got, c.least)
					}
				}
			}
		}
	}
}

func variables(css string) map[string]string {
	out := map[string]string{}
	for _, m := range regexp.MustCompile(`--([a-z-]+): #([0-9a-f]{6});`).FindAllStringSubmatch(css, -1) {
		out[m[1]] = m[2]
	}
	return out
}

func contrast(t *testing.T, a, b string) float64 {
	t.Helper()
	x, y := luminance(t, a), luminance(t, b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

// luminance is the relative luminance of an sRGB colour (WCAG 2.2).
func luminance(t *testing.T, hex string) float64 {
	t.Helper()
	n, err := strconv.ParseUint(hex, 16, 32)
	if err != nil {
		t.Fatalf("colour %q: %v", hex, err)
	}
	channel := func(shift int) float64 {
		c := float64(n>>shift&0xff) / 255
		if c <= 0.04045 {
			return c / 12.92
		}
		return math.Pow((c+0.055)/1.055, 2.4)
	}
	return 0.2126*channel(16) + 0.7152*channel(8) + 0.0722*channel(0)
}

// TestStyleIsUsed finds every class of the templates in the style sheet, so
// that neither outlives the other.
func TestStyleIsUsed(t *testing.T) {
	css, err := os.ReadFile("assets/style.css")
	if err != nil {
		t.Fatal(err)
	}
	files, err := os.ReadDir("templates")
	if err != nil || len(files) < 5 {
		t.Fatalf("%d templates: %v", len(files), err)
	}
	for _, f := range files {
		text, err := os.ReadFile("templates/" + f.Name())
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`class="([^"{}]*)`).FindAllStringSubmatch(string(text), -1) {
			for class := range strings.FieldsSeq(m[1]) {
				if !regexp.MustCompile(`\.` + class + `\b`).Match(css) {
					t.Errorf("%s: class %q has no style", f.Name(), class)
				}
			}
		}
	}
}
