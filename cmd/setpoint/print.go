package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"setpoint.dev/setpoint/budget"
)

// show prints v as JSON, or lets text print it for people.
func (a *app) show(c *cobra.Command, v any, text func(io.Writer)) error {
	if a.output == "json" {
		enc := json.NewEncoder(c.OutOrStdout())
		enc.SetIndent("", "  ")
		return enc.Encode(v)
	}
	text(c.OutOrStdout())
	return nil
}

// table prints rows in columns, each in one line. A row that begins with a
// line break leaves a line free above it.
func table(w io.Writer, rows [][]string) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, r := range rows {
		if first, free := strings.CutPrefix(r[0], "\n"); free {
			fmt.Fprintln(t)
			r[0] = first
		}
		for i, cell := range r {
			r[i] = strings.Join(strings.Fields(cell), " ") // a database's errors have line breaks
		}
		fmt.Fprintln(t, strings.Join(r, "\t"))
	}
	t.Flush()
}

func clock(t time.Time) string {
	if t.IsZero() {
		return "–"
	}
	return t.UTC().Format("2006-01-02 15:04:05Z")
}

// percent is a share as the gate and the pages say it too.
func percent(x float64) string { return budget.Percent(x) }

// seconds renders a length of time given in seconds: "5m", "90s".
func seconds(s float64) string {
	d := time.Duration(s * float64(time.Second))
	for _, u := range []struct {
		unit time.Duration
		name string
	}{{24 * time.Hour, "d"}, {time.Hour, "h"}, {time.Minute, "m"}} {
		if d >= u.unit && d%u.unit == 0 {
			return fmt.Sprintf("%d%s", d/u.unit, u.name)
		}
	}
	return fmt.Sprintf("%gs", s)
}

// count is a number of things in words: "1 file", "2 policies".
func count(n int, thing string) string {
	switch {
	case n == 1, thing == "series":
	case strings.HasSuffix(thing, "y"):
		thing = strings.TrimSuffix(thing, "y") + "ies"
	default:
		thing += "s"
	}
	return fmt.Sprintf("%d %s", n, thing)
}
