package promql

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/prometheus/common/model"
)

// A roster knows the series of one query: their IDs, and which selectors they
// belong to. It is asked once for each series of each answer, by its labels as
// they stand there, so that they need not be read again and again. Answers
// mostly list the same series in the same order: the one that is expected next
// is not even looked up.
type roster struct {
	index   index
	pairs   *pairs // nil: series are what their labels say
	byText  map[string]*known
	byID    map[string]*known
	answers uint64 // read up to now
	head    known  // before the first series of an answer
	last    *known // found
}

// known is a series that was seen.
type known struct {
	id     string  // without the labels of scrapers
	full   string  // with them
	in     []int32 // numbers of the selectors that it belongs to
	answer uint64  // that it was in last, while somebody wanted it
	text   string  // its labels, as they stood in an answer
	next   *known  // that came after it
}

func newRoster(x index, p *pairs) *roster {
	r := &roster{index: x, pairs: p, byText: map[string]*known{}, byID: map[string]*known{}}
	r.begin()
	return r
}

// begin begins an answer.
func (r *roster) begin() {
	r.answers++
	r.last = &r.head
}

// expected is the series that came next in an answer before; nil = not known.
func (r *roster) expected() *known { return r.last.next }

// came notes which series came.
func (r *roster) came(k *known) { r.last.next, r.last = k, k }

// find is the series with some labels, given as the JSON object that they are
// in an answer.
func (r *roster) find(text []byte) (*known, error) {
	if k, ok := r.byText[string(text)]; ok {
		r.came(k)
		return k, nil
	}
	all, err := readLabels(text)
	if err != nil {
		return nil, err
	}
	full := seriesID(all)
	k, ok := r.byID[full]
	if !ok {
		k = &known{id: full, full: full, in: r.index.of(all)}
		if less := r.pairs.without(all); len(less) < len(all) {
			k.id = seriesID(less)
		}
		r.byID[full] = k
	}
	k.text = string(text)
	r.byText[k.text] = k
	r.came(k)
	return k, nil
}

// forget drops what is known when most of it is of series that are gone.
func (r *roster) forget(seen int) {
	if len(r.byText) > 2*seen+1024 {
		clear(r.byText)
		clear(r.byID)
		r.head.next = nil
	}
}

// A label of a series.
type label struct{ name, value string }

// readLabels reads labels, which it sorts by name. Empty ones are none.
func readLabels(text []byte) (all []label, err error) {
	s := &scanner{buf: text, end: len(text), err: io.EOF}
	err = s.object(func(name string) error {
		value, err := s.text()
		if value != "" {
			all = append(all, label{name, value})
		}
		return err
	})
	slices.SortFunc(all, func(a, b label) int { return strings.Compare(a.name, b.name) })
	for i := 1; i < len(all); i++ {
		if all[i].name == all[i-1].name {
			return nil, fmt.Errorf("label %q occurs twice", plain(all[i].name))
		}
	}
	return all, err
}

// labelOf is the value of a label; one that is missing is empty.
func labelOf(all []label, name string) string {
	for _, l := range all {
		if l.name == name {
			return l.value
		}
	}
	return ""
}

// seriesID is the labels as a PromQL selector. Names that need it are quoted,
// and then all are, so that no two series have the same ID.
func seriesID(all []label) string {
	var pairs []string
	metric := ""
	for _, l := range all {
		if l.name != model.MetricNameLabel && !model.LegacyValidation.IsValidLabelName(l.name) ||
			l.name == model.MetricNameLabel && !model.LegacyValidation.IsValidMetricName(l.value) {
			return quotedID(all)
		}
		if l.name == model.MetricNameLabel {
			metric = l.value
			continue
		}
		pairs = append(pairs, fmt.Sprintf("%s=%q", l.name, l.value))
	}
	slices.Sort(pairs)
	return metric + "{" + strings.Join(pairs, ",") + "}"
}

func quotedID(all []label) string {
	pairs := make([]string, 0, len(all))
	for _, l := range all {
		pairs = append(pairs, fmt.Sprintf("%q=%q", l.name, l.value))
	}
	slices.Sort(pairs)
	return "{" + strings.Join(pairs, ",") + "}"
}

// quoted reports whether an ID came from quotedID.
func quoted(id string) bool { return strings.HasPrefix(id, `{"`) }
