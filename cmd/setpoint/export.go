package main

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/spf13/cobra"

	"setpoint.dev/setpoint/ledger"
	"setpoint.dev/setpoint/web"
)

func (a *app) exportCmd() *cobra.Command {
	var s storage
	var format, from, to string
	c := &cobra.Command{
		Use:     "export TABLE",
		Short:   "Write a table of the record as CSV, JSON or Parquet",
		GroupID: "ask",
		Long: `Write the rows of a table of the record to the standard output, as they are
there, with their hashes: ` + strings.Join(ledger.Exports(), ", ") + `.
Each answer of the gate is a row of verdicts.

jsonl is a JSON object a line. In CSV a value that is not there is an empty
field, times are in UTC (RFC 3339), and a text that a spreadsheet would take for
a formula has an apostrophe in front; jsonl and parquet hold every text as it is.

It reads the ledger itself: DATABASE_URL, or the private PostgreSQL.`,
		Example: `  setpoint export decisions --from -30d > decisions.csv
  setpoint export verdicts --format parquet > verdicts.parquet`,
		Args: args(1, 1, "the name of a table"),
		RunE: func(c *cobra.Command, args []string) error {
			sheet := newSheet(format, c.OutOrStdout())
			if sheet == nil {
				return exit{usage, fmt.Sprintf("--format is csv, jsonl or parquet, not %q", format)}
			}
			begin, end, err := span(from, to, time.Now())
			if err != nil {
				return exit{usage, err.Error()}
			}
			return export(c, s, args[0], begin, end, sheet)
		},
	}
	s.flags(c)
	c.Flags().StringVar(&format, "format", "csv", "csv, jsonl or parquet")
	c.Flags().StringVar(&from, "from", "", "only what was made since then: a date, a time, or -30d")
	c.Flags().StringVar(&to, "to", "", "only what was made before then")
	return c
}

// span reads the ends of a stretch of time; empty = no end.
func span(from, to string, now time.Time) (begin, end time.Time, err error) {
	if from != "" {
		if begin, err = instant(from, now); err != nil {
			return begin, end, fmt.Errorf("--from %w", err)
		}
	}
	if to != "" {
		if end, err = instant(to, now); err != nil {
			return begin, end, fmt.Errorf("--to %w", err)
		}
	}
	return begin, end, nil
}

// A closingSheet has an end.
type closingSheet interface {
	ledger.Sheet
	Close() error
}

func newSheet(format string, out io.Writer) closingSheet {
	switch format {
	case "csv":
		return &csvSheet{out: csv.NewWriter(out)}
	case "jsonl":
		return &jsonSheet{out: out}
	case "parquet":
		return &parquetSheet{out: out}
	}
	return nil
}

func export(c *cobra.Command, s storage, chain string, from, to time.Time, sheet closingSheet) error {
	quiet := slog.New(slog.DiscardHandler)
	records, err := s.existing(c.Context(), quiet)
	if err != nil {
		return err
	}
	defer records.close(quiet)
	if err := records.Export(c.Context(), chain, from, to, sheet); err != nil {
		return err
	}
	return sheet.Close()
}

// A csvSheet writes CSV (RFC 4180, with LF).
type csvSheet struct{ out *csv.Writer }

func (s *csvSheet) Columns(all []ledger.Column) error {
	var names []string
	for _, c := range all {
		names = append(names, c.Name)
	}
	return s.out.Write(names)
}

func (s *csvSheet) Row(values []any) error {
	fields := make([]string, len(values))
	for i, v := range values {
		switch v := v.(type) {
		case nil:
		case float64:
			fields[i] = strconv.FormatFloat(v, 'g', -1, 64)
		case time.Time:
			fields[i] = v.Format(time.RFC3339Nano)
		case string:
			fields[i] = web.Cell(v)
		default:
			fields[i] = fmt.Sprint(v)
		}
	}
	return s.out.Write(fields)
}

func (s *csvSheet) Close() error {
	s.out.Flush()
	return s.out.Error()
}

// A jsonSheet writes a JSON object a line, its keys in the order of the
// columns.
type jsonSheet struct {
	out     io.Writer
	columns []ledger.Column
}

func (s *jsonSheet) Columns(all []ledger.Column) error {
	s.columns = all
	return nil
}

func (s *jsonSheet) Row(values []any) error {
	line := []byte("{")
	for i, v := range values {
		if text, ok := v.(string); ok && s.columns[i].Kind == ledger.JSON {
			v = json.RawMessage(text)
		}
		name, err := json.Marshal(s.columns[i].Name)
		if err != nil {
			return err
		}
		value, err := json.Marshal(v)
		if err != nil {
			return err
		}
		if i > 0 {
			line = append(line, ',')
		}
		line = slices.Concat(line, name, []byte(":"), value)
	}
	_, err := s.out.Write(append(line, '}', '\n'))
	return err
}

func (s *jsonSheet) Close() error { return nil }

// A parquetSheet writes Apache Parquet, compressed by Zstandard.
type parquetSheet struct {
	out     io.Writer
	writer  *parquet.GenericWriter[any]
	columns []ledger.Column
	place   []int // :: column → its place in the file
}

func (s *parquetSheet) Columns(all []ledger.Column) error {
	group := parquet.Group{}
	for _, c := range all {
		group[c.Name] = parquet.Optional(parquet.Compressed(node(c.Kind), &parquet.Zstd))
	}
	schema := parquet.NewSchema("setpoint", group)
	s.columns, s.writer = all, parquet.NewGenericWriter[any](s.out, schema)
	for _, c := range all {
		leaf, _ := schema.Lookup(c.Name)
		s.place = append(s.place, leaf.ColumnIndex)
	}
	return nil
}

func node(k ledger.Kind) parquet.Node {
	switch k {
	case ledger.Integer:
		return parquet.Int(64)
	case ledger.Number:
		return parquet.Leaf(parquet.DoubleType)
	case ledger.Truth:
		return parquet.Leaf(parquet.BooleanType)
	case ledger.Moment:
		return parquet.Timestamp(parquet.Microsecond)
	case ledger.JSON:
		return parquet.JSON()
	}
	return parquet.String()
}

func (s *parquetSheet) Row(values []any) error {
	row := make(parquet.Row, len(values))
	for i, v := range values {
		present := 1
		switch t := v.(type) {
		case nil:
			present = 0
		case time.Time:
			v = t.UnixMicro()
		}
		row[s.place[i]] = parquet.ValueOf(v).Level(0, present, s.place[i])
	}
	_, err := s.writer.WriteRows([]parquet.Row{row})
	return err
}

func (s *parquetSheet) Close() error { return s.writer.Close() }
