package main

import (
	"bytes"
	"fmt"
	"html"
	"math"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// A drawing is panels below each other over one axis of time, as an SVG file
// that needs nothing but itself.
type drawing struct {
	title  string
	note   string  // below the panels: what the reader must know
	span   float64 // length of the axis, in s
	ticks  []tick
	panels []panel
}

// A tick is a label on the axis of time.
type tick struct {
	at    float64 // s
	label string
}

// A panel is what is drawn in one scale.
type panel struct {
	label  string
	to     func(float64) float64 // places a value: 0 at the foot, 1 at the top
	curves []curve
	levels []level
	bands  []band
}

// A curve is a line through places; one whose value is not known breaks it.
type curve struct {
	name   string
	style  string // a, b or c
	steps  bool   // a value holds until the next one
	places []place
}

type place struct{ at, value float64 }

// A level is a value worth a line across.
type level struct {
	value float64
	label string
}

// A band is a stretch of time worth a shade.
type band struct {
	from, to float64
	label    string
}

const (
	drawWidth   = 1000.0
	drawLeft    = 90.0 // where the panels begin
	drawRight   = 980.0
	panelTop    = 34.0 // from one panel to the next, before it
	panelHeight = 110.0
)

// drawStyle is that of the page, in both themes.
const drawStyle = `text{font:13px system-ui,sans-serif;fill:#191e24}.soft{fill:#55606c}.title{font-size:16px;font-weight:600}
.paper{fill:#fff}.frame{fill:none;stroke:#dde1e6}.level{stroke:#dde1e6;stroke-dasharray:4 4}.band{fill:#b3221c;opacity:.12}
.a,.b,.c{fill:none;stroke-width:1.6;stroke-linejoin:round}.a{stroke:#1b5cab}.b{stroke:#b3221c}.c{stroke:#17734a;stroke-dasharray:7 4}.key.a,.key.b,.key.c{stroke-width:3}
@media(prefers-color-scheme:dark){text{fill:#e7eaee}.soft{fill:#a2acb8}.paper{fill:#181c23}.frame,.level{stroke:#2a3039}.band{fill:#ff8a80}.a{stroke:#7fb2f5}.b{stroke:#ff8a80}.c{stroke:#63c993}}`

// write puts the drawing into a file, whole or not at all.
func (d drawing) write(path string) error {
	part, err := os.CreateTemp(filepath.Dir(path), ".plot-*")
	if err != nil {
		return fmt.Errorf("write plot: %w", err)
	}
	defer os.Remove(part.Name()) // does nothing once it has its name
	_, err = part.Write(d.svg())
	if err2 := part.Close(); err == nil {
		err = err2
	}
	if err == nil {
		err = os.Chmod(part.Name(), 0o644)
	}
	if err == nil {
		err = os.Rename(part.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("write plot: %w", err)
	}
	return nil
}

func (d drawing) svg() []byte {
	var b bytes.Buffer
	foot := 30 + float64(len(d.panels))*(panelTop+panelHeight)
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %g %g" role="img" aria-label=%s><style>%s</style>`, drawWidth, foot+50, attribute(d.title), drawStyle)
	fmt.Fprintf(&b, `<rect class="paper" width="%g" height="%g"/>`, drawWidth, foot+50)
	b.WriteString(words(drawLeft, 22, "title", d.title))
	for i, p := range d.panels {
		d.panel(&b, p, 30+panelTop+float64(i)*(panelTop+panelHeight))
	}
	for _, t := range d.ticks {
		if x := d.x(t.at); x < drawRight-50 {
			b.WriteString(words(x, foot+18, "soft", t.label))
		}
	}
	b.WriteString(words(drawLeft, foot+40, "soft", d.note))
	b.WriteString("</svg>\n")
	return b.Bytes()
}

// panel draws one panel whose top is at y.
func (d drawing) panel(b *bytes.Buffer, p panel, y float64) {
	at := func(v float64) float64 { return y + panelHeight*(1-min(max(p.to(v), 0), 1)) }
	for _, s := range p.bands {
		fmt.Fprintf(b, `<rect class="band" x="%.1f" y="%.1f" width="%.1f" height="%g"><title>%s</title></rect>`, d.x(s.from), y, d.x(s.to)-d.x(s.from), panelHeight, html.EscapeString(s.label))
	}
	fmt.Fprintf(b, `<rect class="frame" x="%g" y="%.1f" width="%g" height="%g"/>`, drawLeft, y, drawRight-drawLeft, panelHeight)
	for _, l := range p.levels {
		fmt.Fprintf(b, `<path class="level" d="M%g %.1fH%g"/>`, drawLeft, at(l.value), drawRight)
		fmt.Fprintf(b, `<text class="soft" x="%g" y="%.1f" text-anchor="end">%s</text>`, drawLeft-8, at(l.value)+4, html.EscapeString(l.label))
	}
	b.WriteString(words(drawLeft, y-8, "", p.label))
	for i, c := range p.curves {
		fmt.Fprintf(b, `<path class="%s" d="%s"/>`, c.style, d.path(c, at))
		if len(p.curves) > 1 {
			x := drawRight - 200*float64(len(p.curves)-i)
			fmt.Fprintf(b, `<path class="key %s" d="M%.1f %.1fh18"/>%s`, c.style, x, y-12, words(x+24, y-8, "soft", c.name))
		}
	}
}

// path is a curve as path data; a place without neighbours becomes a dot.
func (d drawing) path(c curve, at func(float64) float64) string {
	var b strings.Builder
	down := false
	for i, p := range c.places {
		if math.IsNaN(p.value) {
			down = false
			continue
		}
		if !down {
			fmt.Fprintf(&b, "M%.1f %.1fh.1", d.x(p.at), at(p.value))
		} else {
			fmt.Fprintf(&b, "L%.1f %.1f", d.x(p.at), at(p.value))
		}
		down = true
		if c.steps && i+1 < len(c.places) {
			fmt.Fprintf(&b, "H%.1f", d.x(c.places[i+1].at))
		}
	}
	return b.String()
}

// x is the place of a time on the axis, in s.
func (d drawing) x(at float64) float64 {
	return drawLeft + (drawRight-drawLeft)*min(max(at/d.span, 0), 1)
}

func words(x, y float64, class, text string) string {
	return fmt.Sprintf(`<text class="%s" x="%.1f" y="%.1f">%s</text>`, class, x, y, html.EscapeString(text))
}

func attribute(s string) string { return `"` + html.EscapeString(s) + `"` }

// burnPlace is logarithmic from 0 to top: burn rates of interest span 0.1 to
// 1,000.
func burnPlace(top float64) func(float64) float64 {
	return func(v float64) float64 { return math.Log1p(max(v, 0)) / math.Log1p(top) }
}

// linear places from at the foot and to at the top, whichever is greater.
func linear(from, to float64) func(float64) float64 {
	return func(v float64) float64 { return (v - from) / (to - from) }
}

// A track keeps a value over a span of time in a fixed number of columns:
// of those that fall into one, the worst.
type track struct {
	span   time.Duration
	worse  func(a, b float64) bool
	values []float64 // NaN = nothing came
}

// maxColumns is about as many as there are dots across a drawing.
const maxColumns = 900

// newTrack has room for a number of values that come at even distances.
func newTrack(span time.Duration, values int, worse func(a, b float64) bool) *track {
	t := &track{span: span, worse: worse, values: make([]float64, max(1, min(values, maxColumns)))}
	for i := range t.values {
		t.values[i] = math.NaN()
	}
	return t
}

// take notes a value at a time since the begin of the span.
func (t *track) take(at time.Duration, v float64) {
	i := int(at.Milliseconds() * int64(len(t.values)) / t.span.Milliseconds())
	if i < 0 || i >= len(t.values) || math.IsNaN(v) {
		return
	}
	if math.IsNaN(t.values[i]) || t.worse(v, t.values[i]) {
		t.values[i] = v
	}
}

// top is the greatest value, at least least.
func (t *track) top(least float64) float64 {
	for _, v := range t.values {
		if v > least {
			least = v
		}
	}
	return least
}

func (t *track) places() []place {
	out := make([]place, len(t.values))
	for i, v := range t.values {
		out[i] = place{t.span.Seconds() * float64(i) / float64(len(t.values)), v}
	}
	return out
}
