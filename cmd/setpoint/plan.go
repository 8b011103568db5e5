package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"setpoint.dev/setpoint/sli"
	"setpoint.dev/setpoint/sli/promql"
	"setpoint.dev/setpoint/slo"
)

func (a *app) planCmd() *cobra.Command {
	curl := false
	c := &cobra.Command{
		Use:     "plan PATH… [--curl]",
		Short:   "Which queries a tick costs the metrics backend",
		GroupID: "run",
		Long: `List the queries that 'setpoint serve' asks each tick, after trying each once:
how it reads samples, which objectives it serves, how many series it finds and
how long the answer is. Objectives whose queries differ in label values share
one query.

  raw     stored samples as they are, by a range selector: exact
  native  stored samples of native histograms: exact, but where the limit lies
          inside a bucket
  grid    an expression, evaluated at fixed instants

When series are born, a question about these is asked besides. The exit code is
1 when the backend did not answer a query.

With --curl a command is printed that repeats each request; user names,
passwords and what the address holds in its query are masked.`,
		Example: "  setpoint plan slos/\n  setpoint plan slos/ --output json | jq '.queries[].objectives | length'",
		Args:    args(1, -1, "files or folders of definitions"),
		RunE: func(c *cobra.Command, paths []string) error {
			endBySignal()
			return a.plan(c, paths, curl)
		},
	}
	c.Flags().BoolVar(&curl, "curl", false, "print the command that repeats each request")
	return c
}

// planned is what plan says to programs.
type planned struct {
	At         time.Time      `json:"at"` // of the slices that the queries were tried with
	Objectives int            `json:"objectives"`
	Apart      int            `json:"apart"` // queries that each objective by itself would cost
	Queries    []promql.Query `json:"queries"`
}

func (a *app) plan(c *cobra.Command, paths []string, curl bool) error {
	set, err := loadPast(paths, c.ErrOrStderr())
	if err != nil {
		return err
	}
	sources, err := promql.New(set.Sources, promql.Config{})
	if err != nil {
		return err
	}
	defer sources.Close()
	r, err := planOf(c.Context(), set, sources, time.Now())
	if err != nil {
		return err
	}
	if err := a.show(c, r, func(w io.Writer) { printPlanned(w, r, curl) }); err != nil {
		return err
	}
	for _, q := range r.Queries {
		if q.Error != "" {
			return exit{code: 1}
		}
	}
	return nil
}

// planOf tries what a tick at now asks for the newest slice of each objective.
func planOf(ctx context.Context, set *slo.Set, sources *promql.Sources, now time.Time) (planned, error) {
	r := planned{Objectives: len(set.Objectives), Queries: []promql.Query{}}
	declared := map[string]slo.Source{}
	for _, s := range set.Sources {
		declared[s.Name] = s
	}
	var asks []sli.Ask
	for _, o := range set.Objectives {
		if o.Composite != nil { // made of others
			continue
		}
		to := sli.Newest(declared[o.Indicator.Source], o.Slice, now)
		if to.After(r.At) {
			r.At = to
		}
		asks = append(asks, sli.Ask{Objective: &o, From: to.Add(-o.Slice), To: to})
	}
	queries, errs := sources.Plan(ctx, asks)
	if len(errs) > 0 {
		return r, errs[0]
	}
	r.Queries, r.Apart = append(r.Queries, queries...), sources.Apart(asks)
	return r, nil
}

func printPlanned(w io.Writer, r planned, curl bool) {
	rows := [][]string{{"SOURCE", "MODE", "EVERY", "OBJECTIVES", "SERIES", "BYTES", "QUERY"}}
	series, bytes := 0, int64(0)
	for _, q := range r.Queries {
		found, length := fmt.Sprint(q.Series), size(q.Bytes)
		if q.Error != "" {
			found, length = "–", "–"
		}
		rows = append(rows, []string{q.Source, string(q.Mode), seconds(q.Every.Seconds()), servedIn(q.Objectives), found, length, brief(q.Query)})
		series, bytes = series+q.Series, bytes+q.Bytes
	}
	table(w, rows)
	fmt.Fprintf(w, "\n%s for %s", count(len(r.Queries), "request"), count(r.Objectives, "objective"))
	if r.Apart > len(r.Queries) {
		fmt.Fprintf(w, " (each by itself: %d)", r.Apart)
	}
	fmt.Fprintf(w, ", %s, %s\n", count(series, "series"), size(bytes))
	for _, q := range r.Queries {
		if q.Error != "" {
			fmt.Fprintf(w, "\n%s\n", q.Error)
		}
		for _, label := range q.Copies {
			fmt.Fprintf(w, "\nwarning: %s: series that differ in %s alone hold the same values. If they come from a pair of scrapers, everything counts double: declare replicaLabels: [%s] for the data source %s\n", brief(q.Query), label, label, q.Source)
		}
		if q.Sparse > 0 {
			every := slo.Span(q.Sparse)
			fmt.Fprintf(w, "\nwarning: %s: samples come each %s. So long is not learned: time between them counts as not observed, and a process that is gone is not noticed. Declare scrapeInterval: %s for the data source %s\n", brief(q.Query), every, every, q.Source)
		}
		if curl {
			fmt.Fprintf(w, "\n%s\n", q.Curl)
		}
	}
}

// servedIn is the objectives of a query: their number, or the name of the only
// one.
func servedIn(names []string) string {
	if len(names) == 1 {
		return names[0]
	}
	return fmt.Sprint(len(names))
}

// brief is a query in as much as a line has room for: its beginning and end.
func brief(query string) string {
	const most = 72
	runes := []rune(strings.Join(strings.Fields(query), " "))
	if len(runes) <= most {
		return string(runes)
	}
	return string(runes[:most-25]) + " … " + string(runes[len(runes)-22:])
}

// size is a number of bytes for people.
func size(bytes int64) string {
	switch {
	case bytes < 10_000:
		return fmt.Sprintf("%d B", bytes)
	case bytes < 10_000_000:
		return fmt.Sprintf("%d kB", bytes/1000)
	}
	return fmt.Sprintf("%d MB", bytes/1_000_000)
}
