//go:build linux

package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"io"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"

	"setpoint.dev/setpoint/client"
)

// exportForms reads each form that a table was exported in, and returns what
// all of them must agree on: number, ID, time and hash of each row, and its
// body.
func exportForms(t *testing.T, v *server, table string) [][]string {
	t.Helper()
	rows := exportedCSV(t, v, table)
	for _, format := range []string{"jsonl", "parquet"} {
		r := v.run("export", table, "--format", format)
		if r.code != 0 {
			t.Fatalf("export %s as %s: %s", table, format, r.err)
		}
		read := map[string]func(*testing.T, string) [][]string{"jsonl": exportedJSON, "parquet": exportedParquet}[format]
		if diff := cmp.Diff(rows, read(t, r.out)); diff != "" {
			t.Errorf("%s: -csv +%s:\n%s", table, format, diff)
		}
	}
	return rows
}

func exportedCSV(t *testing.T, v *server, table string, more ...string) (out [][]string) {
	t.Helper()
	r := v.run(append([]string{"export", table}, more...)...)
	all, err := csv.NewReader(strings.NewReader(r.out)).ReadAll()
	if err != nil || len(all) == 0 || r.code != 0 {
		t.Fatalf("export %s: %v: %s", table, err, r)
	}
	at := map[string]int{}
	for i, name := range all[0] {
		at[name] = i
	}
	for _, row := range all[1:] {
		when, err := time.Parse(time.RFC3339Nano, row[at["at"]])
		must(t, err)
		out = append(out, []string{row[at["seq"]], row[at["id"]], when.Format(time.RFC3339Nano), row[at["hash"]], row[at["body"]]})
	}
	return out
}

func exportedJSON(t *testing.T, text string) (out [][]string) {
	t.Helper()
	for d := json.NewDecoder(strings.NewReader(text)); ; {
		var row struct {
			Seq      int64
			ID, Hash string
			At       time.Time
			Body     json.RawMessage
		}
		if err := d.Decode(&row); err == io.EOF {
			return out
		} else if err != nil {
			t.Fatal(err)
		}
		out = append(out, []string{strconv.FormatInt(row.Seq, 10), row.ID, row.At.Format(time.RFC3339Nano), row.Hash, string(row.Body)})
	}
}

func exportedParquet(t *testing.T, text string) (out [][]string) {
	t.Helper()
	type row struct {
		Seq  int64     `parquet:"seq,optional"`
		ID   string    `parquet:"id,optional"`
		At   time.Time `parquet:"at,optional,timestamp(microsecond)"`
		Hash string    `parquet:"hash,optional"`
		Body string    `parquet:"body,optional"`
	}
	all, err := parquet.Read[row](bytes.NewReader([]byte(text)), int64(len(text)))
	must(t, err)
	for _, r := range all {
		out = append(out, []string{strconv.FormatInt(r.Seq, 10), r.ID, r.At.UTC().Format(time.RFC3339Nano), r.Hash, r.Body})
	}
	return out
}

// askThrice asks the gate, and waits until the answers are on record.
func askThrice(t *testing.T, v *server) (ids []string) {
	t.Helper()
	for range 3 {
		a, err := v.client().Gate(t.Context(), client.Question{Service: "checkout"})
		must(t, err)
		ids = append(ids, a.ID)
	}
	v.within(30*time.Second, "the answers are on record", func() bool {
		out := v.run("log", "--gate").out
		return !slices.ContainsFunc(ids, func(id string) bool { return !strings.Contains(out, id) })
	})
	return ids
}

// checkExport exports what a server has recorded: rows are those on record,
// answers of the gate are a row each.
func checkExport(t *testing.T, v *server, asked []string) {
	t.Helper()
	decisions := exportForms(t, v, "decisions")
	for i, d := range v.decisions() {
		if decisions[i][0] != strconv.FormatInt(d.Seq, 10) || decisions[i][1] != d.ID || !strings.Contains(decisions[i][4], d.ID) {
			t.Errorf("decision %d: exported %q, on record %+v", i, decisions[i], d)
		}
	}
	var answered []string
	for _, row := range exportForms(t, v, "verdicts") {
		answered = append(answered, row[1])
	}
	if diff := cmp.Diff(asked, answered[len(answered)-3:]); diff != "" {
		t.Errorf("answers of the gate: -given +exported:\n%s", diff)
	}
	if none := exportedCSV(t, v, "decisions", "--to", "2020-01-01"); len(none) > 0 {
		t.Errorf("decisions before 2020: %q", none)
	}
	for _, c := range []struct {
		line []string
		says string
	}{
		{[]string{"export", "decision"}, "there is no such table; there are decisions, definitions"},
		{[]string{"export", "definitions", "--from", "-1d"}, "its rows have no time"},
		{[]string{"export", "decisions", "--from", "soon"}, "--from is now, an age such as -14d"},
		{[]string{"export", "decisions", "--format", "xlsx"}, "csv, jsonl or parquet"},
	} {
		if r := v.run(c.line...); r.code == 0 || r.out != "" || !strings.Contains(r.err, c.says) {
			t.Errorf("%s, want %q: %s", c.line, c.says, r)
		}
	}
}

// TestExportIsNoFormula keeps a spreadsheet from running what somebody wrote
// into the record. Numbers stay numbers.
func TestExportIsNoFormula(t *testing.T) {
	var out strings.Builder
	s := newSheet("csv", &out)
	must(t, s.Row([]any{"=1+1", "+1", "-cmd", "@a", "\tx", "a=b", -5.5, int64(-5), nil, "{}"}))
	must(t, s.Close())
	if want := "'=1+1,'+1,'-cmd,'@a,'\tx,a=b,-5.5,-5,,{}\n"; out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
}
