package promql

import (
	"errors"
	"fmt"
	"io"
	"time"

	"setpoint.dev/setpoint/sli"
)

// The kinds of results.
const (
	matrix = "matrix"
	vector = "vector"
)

// A reading reads one answer: for each series its samples. Only the window of
// a scanner and what is kept are in memory.
type reading struct {
	kind   string // that is wanted
	window window // that was asked about; in ms, (from, to]
	from   int64
	to     int64
	roster *roster // knows the series
	kept   []held
	seen   int          // series, wanted or not
	bytes  int64        // of the answer
	room   *room        // for samples; nil = it has its own
	block  []sli.Sample // with room for more samples

	got struct { // as far as it was read
		status, errorType, err, kind, warning string
		result, partial                       bool
	}
	one struct { // the series being read
		known      *known
		from       int // its samples are block[from:]
		histogram  bool
		samples    bool
		histograms []sli.Histogram
	}
	histograms bool // native histograms are read; otherwise they are a fault
}

// held is a series of an answer that somebody wants.
type held struct {
	*known
	samples    []sli.Sample
	histograms []sli.Histogram
}

func (h held) series() sli.Series {
	return sli.Series{ID: h.id, Samples: h.samples, Histograms: h.histograms}
}

// seriesOf is what was kept, by itself.
func seriesOf(kept []held) (all []sli.Series) {
	for _, h := range kept {
		all = append(all, h.series())
	}
	return all
}

// read reads a whole answer and judges it.
func (r *reading) read(from io.Reader, allowPartial bool) error {
	s := newScanner(from)
	r.from, r.to = r.window.from.UnixMilli(), r.window.to.UnixMilli()
	r.roster.begin()
	defer func() { r.bytes = s.bytes }()
	err := r.outermost(s)
	if err == nil {
		err = s.over()
	}
	var f fault
	switch {
	case errors.As(err, &f):
		return err
	case err != nil && s.err != nil && !errors.Is(s.err, io.EOF):
		return s.err // of the connection
	case err != nil:
		return fault{reason: sli.ReasonMalformed, words: plain(err.Error())}
	}
	return r.judge(allowPartial)
}

func (r *reading) outermost(s *scanner) error {
	if c, err := s.next(); err != nil || c != '{' {
		return s.skip(0) // no object, and perhaps no JSON
	}
	return s.object(func(key string) error { return r.member(s, key) })
}

// member reads a value of the outermost object.
func (r *reading) member(s *scanner, key string) (err error) {
	switch key {
	case "status":
		r.got.status, err = s.text()
	case "errorType":
		r.got.errorType, err = s.text()
	case "error":
		r.got.err, err = s.text()
	case "warnings":
		err = r.warnings(s)
	case "isPartial":
		var word []byte
		word, err = s.word()
		r.got.partial = string(word) == "true"
	case "data":
		if c, _ := s.next(); c != '{' { // null, of an error
			return s.skip(1)
		}
		err = s.object(func(key string) error { return r.data(s, key) })
	default:
		err = s.skip(1)
	}
	return err
}

func (r *reading) warnings(s *scanner) error {
	if c, _ := s.next(); c != '[' {
		return s.skip(1)
	}
	return s.list('[', ']', func() (err error) {
		r.got.warning, err = s.text()
		return err
	})
}

// data reads a value of data. A result of another kind is passed over.
func (r *reading) data(s *scanner, key string) (err error) {
	switch {
	case key == "resultType":
		r.got.kind, err = s.text()
	case key != "result":
		err = s.skip(2)
	case r.got.kind != "" && r.got.kind != r.kind:
		err = s.skip(2)
	default:
		r.got.result = true
		err = s.list('[', ']', func() error { return r.series(s) })
	}
	return err
}

// series reads one series of the result.
func (r *reading) series(s *scanner) error {
	r.one.known, r.one.from, r.one.histogram, r.one.samples = nil, len(r.block), false, false
	r.one.histograms = nil
	err := s.list('{', '}', func() error {
		raw, err := s.token()
		if err != nil {
			return err
		}
		key := partName(raw)
		if err := s.take(':'); err != nil {
			return err
		}
		return r.part(s, key)
	})
	switch {
	case err == nil && r.kind == vector && !r.one.samples && !r.one.histogram:
		err = errors.New("a series has no value")
	case err == nil && r.one.known == nil:
		r.one.known, err = r.roster.find([]byte("{}"))
	}
	if err != nil {
		return err
	}
	return r.keep()
}

// partName is a key of a series, if it is one that matters.
func partName(raw []byte) string {
	switch string(raw) {
	case `"metric"`:
		return "metric"
	case `"values"`:
		return "values"
	case `"value"`:
		return "value"
	case `"histograms"`:
		return "histograms"
	case `"histogram"`:
		return "histogram"
	}
	return ""
}

// part reads a value of a series.
func (r *reading) part(s *scanner, key string) error {
	switch key {
	case "metric":
		return r.metric(s)
	case "values", "value":
		if (key == "values") != (r.kind == matrix) || r.one.samples || r.kind == vector && r.one.histogram {
			return fmt.Errorf("a series of a %s has %q", r.kind, key)
		}
		r.one.samples = true
		if r.kind == matrix {
			return s.list('[', ']', func() error { return r.sample(s) })
		}
		return r.sample(s)
	case "histogram", "histograms":
		return r.native(s, key)
	}
	return s.skip(3)
}

func (r *reading) metric(s *scanner) error {
	if r.one.known != nil {
		return errors.New("a series has two metrics")
	}
	if k := r.roster.expected(); k != nil && s.is(k.text) {
		r.one.known = k
		r.roster.came(k)
		return nil
	}
	raw, err := s.flat()
	if err == nil {
		r.one.known, err = r.roster.find(raw)
	}
	return err
}

// sample reads one sample. A closed range has one more, just at its beginning,
// which is dropped.
func (r *reading) sample(s *scanner) error {
	sample, err := s.pair()
	if err != nil {
		return err
	}
	inside, err := r.placed(&sample.Milli)
	if inside {
		r.add(sample)
	}
	return err
}

// placed judges the time of a sample; inside is false for one just at the
// beginning of the window.
func (r *reading) placed(milli *int64) (inside bool, err error) {
	if r.kind == vector {
		*milli = r.to
	}
	if *milli < r.from || *milli > r.to {
		at := time.UnixMilli(*milli).UTC().Format(time.RFC3339Nano)
		return false, fault{reason: sli.ReasonMalformed, words: fmt.Sprintf("%sa sample at %s was not asked for", r.of(), at)}
	}
	return *milli > r.from, nil
}

// of names the series being read.
func (r *reading) of() string {
	if r.one.known == nil {
		return ""
	}
	return "series " + plain(r.one.known.id) + ": "
}

// add adds a sample to the series being read, whose samples lie in a row.
func (r *reading) add(sample sli.Sample) {
	if len(r.block) == cap(r.block) {
		if r.room == nil {
			r.room = &room{}
		}
		own := r.block[r.one.from:]
		r.block = append(r.room.block(2*len(own)), own...)
		r.one.from = 0
	}
	r.block = append(r.block, sample)
}

// keep keeps the series that was read, if anybody wants it.
func (r *reading) keep() error {
	r.seen++
	k, samples := r.one.known, r.block[r.one.from:len(r.block):len(r.block)]
	switch {
	case len(k.in) == 0:
		r.block = r.block[:r.one.from]
	case k.answer == r.roster.answers:
		return faultf(sli.ReasonDuplicate, "series %s is listed twice", plain(k.id))
	case r.one.histogram && !r.histograms:
		return faultf(sli.ReasonWrongType, "%s is a native histogram", plain(k.id))
	default:
		r.kept = append(r.kept, held{k, samples, r.one.histograms})
	}
	k.answer = r.roster.answers
	return nil
}

// judge judges an answer that could be read to its end.
func (r *reading) judge(allowPartial bool) error {
	got := r.got
	switch {
	case got.status == "error":
		return faultf(reasonOf(got.errorType), "%s: %s", plain(got.errorType), plain(got.err))
	case got.kind != "" && got.kind != matrix && got.kind != vector && got.kind != "scalar" && got.kind != "string":
		return faultf(sli.ReasonMalformed, "the answer is a %q", plain(got.kind))
	case got.kind != "" && got.kind != r.kind:
		return faultf(sli.ReasonWrongType, "the answer is a %s, not a %s", got.kind, r.kind)
	case got.status != "success" || got.kind == "" || !got.result:
		return faultf(sli.ReasonMalformed, "the answer holds no result")
	case got.partial && !allowPartial:
		return faultf(sli.ReasonPartial, "the backend marks its answer as partial")
	case got.warning != "" && !allowPartial:
		return faultf(sli.ReasonPartial, "the backend warns: %s", plain(got.warning))
	}
	return nil
}

// reasonOf is the reason of an error that a backend tells with status 200.
func reasonOf(errorType string) sli.Reason {
	switch errorType {
	case "timeout", "canceled":
		return sli.ReasonTimeout
	}
	return sli.ReasonRejected
}
