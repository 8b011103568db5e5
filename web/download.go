package web

import (
	"encoding/csv"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// mostDownloaded is how many decisions one file holds at most. `setpoint
// export` writes all of them.
const mostDownloaded = 100_000

// download writes the decisions that a filter chooses as a file, page by page.
// A ledger that goes away meanwhile breaks the connection off, so that half a
// file is not taken for a whole one.
func (s *Server) download(w http.ResponseWriter, r *http.Request) {
	f, err := askFilter(r)
	format := r.URL.Query().Get("format")
	if err == nil && format != "csv" && format != "jsonl" {
		err = refuse(http.StatusBadRequest, "bad-format", "format is csv or jsonl", "")
	}
	f.Limit = most
	var page []Record
	if err == nil {
		page, err = s.history(r.Context(), f)
	}
	if err != nil {
		s.problem(w, r, err)
		return
	}
	w.Header().Set("Content-Disposition", `attachment; filename="decisions.`+format+`"`)
	put := map[string]func(http.ResponseWriter) func([]Record) error{"csv": s.putCSV, "jsonl": s.putJSONL}[format](w)
	for n := 0; ; {
		if err := put(page); err != nil {
			panic(http.ErrAbortHandler)
		}
		if n += len(page); len(page) < f.Limit || n >= mostDownloaded {
			return
		}
		f.Before = page[len(page)-1].Seq
		if page, err = s.history(r.Context(), f); err != nil {
			panic(http.ErrAbortHandler)
		}
	}
}

func (s *Server) putJSONL(w http.ResponseWriter) func([]Record) error {
	w.Header().Set("Content-Type", "application/jsonl; charset=utf-8")
	enc := json.NewEncoder(w)
	return func(page []Record) error {
		for _, rec := range page {
			if err := enc.Encode(s.wireRecord(rec, time.Now())); err != nil {
				return err
			}
		}
		return nil
	}
}

func (s *Server) putCSV(w http.ResponseWriter) func([]Record) error {
	w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	_, _ = io.WriteString(w, "seq,id,at,loop,actuator,mode,verb,reason,from,wanted,to,unit,applied,readBack,definitions,epoch,words,link\n")
	out := csv.NewWriter(w)
	set := s.look(time.Now())
	return func(page []Record) error {
		for _, rec := range page {
			d := rec.Decision
			a, _ := set.actuator(d.Actuator)
			applied, readBack := carriedOut(rec)
			_ = out.Write([]string{
				strconv.FormatInt(rec.Seq, 10), Cell(d.ID), stamp(d.Input.At), Cell(d.Loop), Cell(d.Actuator), string(d.Mode), string(d.Verb), string(d.Reason),
				decimal(d.From), decimal(d.Wanted), decimal(d.To), Cell(a.Unit), applied, readBack, d.Input.Policy, strconv.FormatInt(d.Input.Epoch, 10), Cell(redact(d.Words)), s.link("decisions", d.ID),
			})
		}
		out.Flush()
		return out.Error()
	}
}

// Cell is a text as CSV has it: one that a spreadsheet would take for a formula
// gets an apostrophe in front.
func Cell(text string) string {
	if text != "" && strings.ContainsRune("=+-@\t\r", rune(text[0])) {
		return "'" + text
	}
	return text
}

// carriedOut says of a move whether it was applied and what was read back.
func carriedOut(rec Record) (applied, readBack string) {
	o := rec.outcome()
	if o == nil || !o.Until.IsZero() {
		return "", ""
	}
	return strconv.FormatBool(o.Applied), decimal(o.ReadBack)
}

func decimal(x float64) string { return strconv.FormatFloat(x, 'g', -1, 64) }
