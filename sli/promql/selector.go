package promql

import (
	"fmt"
	"math/bits"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"setpoint.dev/setpoint/slo"
)

// A selector picks raw counters.
type selector struct {
	text     string            // canonical
	metric   string            // name of the only metric, if it may stand before braces
	matchers []*labels.Matcher // besides the metric, in canonical order
	size     atomic.Int64      // bytes of an answer for each second of range, as learned last; 0 = not known
}

// An indicator is one that was read: the selectors of what is counted, or what
// is judged.
type indicator struct {
	good        bool        // part counts good events
	part, total []*selector // of what is judged there is a part alone
	native      bool        // part selects native histograms
	kind        slo.IndicatorKind
	judged      *slo.Indicator // nil of Counters
	query       string         // of what is judged, where it is no selector
	buckets     string         // all buckets of the classic histogram of which part is one; empty for anything else
	bound       slo.Decimal    // of that bucket
	runs        []measurement  // of a deadline: when jobs started, and when they succeeded

	key  counted    // of Counters
	next *indicator // of Counters, that was read after it
}

// A library keeps indicators that were read, and each selector once. They are
// mostly read in the same order: the one that is expected next is not looked up.
type library struct {
	last      *indicator // of Counters, that was read
	mu        sync.Mutex
	counters  map[counted]*indicator
	judged    map[slo.Indicator]*indicator
	selectors map[string]*selector
	matchers  map[string]*labels.Matcher // compiled regular expressions are long
}

// counted is what makes two indicators of counters the same. They are many: as
// a key the whole indicator would be four times as long.
type counted struct {
	good, bad, total string
	bucket           slo.Decimal
}

// mostIndicators is how many a library keeps; with more it begins anew.
const mostIndicators = 1 << 18

func (l *library) read(i *slo.Indicator) (*indicator, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if n := len(l.counters) + len(l.judged); n == 0 || n >= mostIndicators {
		l.counters, l.judged, l.last = map[counted]*indicator{}, map[slo.Indicator]*indicator{}, &indicator{}
		l.selectors, l.matchers = map[string]*selector{}, map[string]*labels.Matcher{}
	}
	if i.Kind == slo.Counters {
		return l.counter(counted{i.Good, i.Bad, i.Total, i.Bucket}, i)
	}
	key := *i // indicators count the same, whatever they are called
	key.Name, key.Source, key.Position = "", "", slo.Position{}
	return once(l.judged, key, i, l.parse)
}

// counter is the indicator of counters with a key.
func (l *library) counter(key counted, i *slo.Indicator) (*indicator, error) {
	if next := l.last.next; next != nil && next.key == key {
		l.last = next
		return next, nil
	}
	q, err := once(l.counters, key, i, l.parse)
	if err == nil {
		q.key, l.last.next, l.last = key, q, q
	}
	return q, err
}

// once parses what is not known yet.
func once[K comparable](known map[K]*indicator, key K, i *slo.Indicator, parse func(slo.Indicator) (*indicator, error)) (*indicator, error) {
	if q, ok := known[key]; ok {
		return q, nil
	}
	q, err := parse(*i)
	if err == nil {
		known[key] = q
	}
	return q, err
}

func (l *library) parse(i slo.Indicator) (*indicator, error) {
	q, text := &indicator{buckets: i.Buckets(), bound: i.Bucket}, i.Bad
	switch {
	case i.Kind != slo.Counters:
		return l.readJudged(i)
	case i.Good != "" && i.Bad != "":
		return q, fmt.Errorf("read indicator %s: both good and bad are declared", i.Name)
	case i.Good != "":
		q.good, text = true, i.Good
	}
	var err error
	if q.part, err = l.sum(text); err != nil {
		return q, fmt.Errorf("read indicator %s: %w", i.Name, err)
	}
	if q.total, err = l.sum(i.Total); err != nil {
		return q, fmt.Errorf("read total of indicator %s: %w", i.Name, err)
	}
	return q, nil
}

// sum reads the selectors of a sum.
func (l *library) sum(query string) (all []*selector, _ error) {
	texts, err := slo.Selectors(query)
	if err != nil {
		return nil, err
	}
	for _, text := range texts {
		s, err := l.selector(text)
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, nil
}

// selector is the one with a canonical text.
func (l *library) selector(text string) (*selector, error) {
	if s, ok := l.selectors[text]; ok {
		return s, nil
	}
	s, err := newSelector(text)
	if err != nil {
		return s, err
	}
	for i, m := range s.matchers {
		key := m.String()
		if l.matchers[key] == nil {
			l.matchers[key] = m
		}
		s.matchers[i] = l.matchers[key]
	}
	l.selectors[text] = s
	return s, nil
}

func newSelector(text string) (*selector, error) {
	matchers, err := parser.NewParser(parser.Options{}).ParseMetricSelector(text)
	if err != nil {
		return nil, fmt.Errorf("read selector %s: %w", text, err)
	}
	s := &selector{text: text}
	for _, m := range matchers {
		if m.Name == model.MetricNameLabel && m.Type == labels.MatchEqual && s.metric == "" && model.LegacyValidation.IsValidMetricName(m.Value) {
			s.metric = m.Value
			continue
		}
		s.matchers = append(s.matchers, m)
	}
	return s, nil
}

// picks reports whether a series with some labels is among those of the
// selector, by Prometheus's rules: a label that is missing is empty, and a
// regular expression matches the whole value.
func (s *selector) picks(all []label) bool {
	if s.metric != "" && labelOf(all, model.MetricNameLabel) != s.metric {
		return false
	}
	for _, m := range s.matchers {
		if !m.Matches(labelOf(all, m.Name)) {
			return false
		}
	}
	return true
}

// mostSubsets bounds the search for a wider selector: that many matchers.
const mostSubsets = 6

// within is the widest of some selectors that has a part of the matchers of
// this one and no others, and so all of its series; itself if there is none.
func (s *selector) within(all map[string]*selector) *selector {
	widest, fewest := s, len(s.matchers)
	if s.metric == "" || fewest > mostSubsets {
		return s
	}
	for subset := range uint(1) << fewest {
		if bits.OnesCount(subset) >= len(widest.matchers) {
			continue
		}
		if wider, ok := all[s.key(subset)]; ok {
			widest = wider
		}
	}
	return widest
}

// key is the metric and some of the matchers.
func (s *selector) key(subset uint) string {
	var b strings.Builder
	b.WriteString(s.metric)
	for i, m := range s.matchers {
		if subset&(1<<i) != 0 {
			b.WriteByte(0)
			b.WriteString(m.String())
		}
	}
	return b.String()
}

// An index finds the selectors that series belong to. The zero index takes
// all series for those of one.
type index struct {
	selectors []*selector
	label     string             // that most selectors want a certain value of
	by        map[string][]int32 // :: its value → selectors
	others    []int32            // that do not
	asked     int32              // the only one whose series were asked for; all belong to it. -1 = there are several
}

// newIndex makes an index of the selectors with some numbers.
func newIndex(selectors []*selector, numbers []int32, asked int32) index {
	x := index{selectors: selectors, by: map[string][]int32{}, asked: asked}
	x.label = mostWanted(selectors, numbers)
	for _, n := range numbers {
		if n == asked {
			continue
		}
		if value, ok := selectors[n].wants(x.label); ok {
			x.by[value] = append(x.by[value], n)
		} else {
			x.others = append(x.others, n)
		}
	}
	return x
}

// mostWanted is the label of which selectors want the most different values.
func mostWanted(selectors []*selector, numbers []int32) (most string) {
	values := map[string]map[string]bool{}
	for _, n := range numbers {
		for _, m := range selectors[n].matchers {
			if m.Type != labels.MatchEqual {
				continue
			}
			if values[m.Name] == nil {
				values[m.Name] = map[string]bool{}
			}
			values[m.Name][m.Value] = true
		}
	}
	for name, some := range values {
		if n := len(values[most]); len(some) > n || len(some) == n && name < most {
			most = name
		}
	}
	return most
}

// wants is the only value of a label that the selector takes, if it is so.
func (s *selector) wants(name string) (string, bool) {
	for _, m := range s.matchers {
		if m.Name == name && m.Type == labels.MatchEqual {
			return m.Value, true
		}
	}
	return "", false
}

// of lists the selectors that a series belongs to.
func (x index) of(all []label) (in []int32) {
	if x.asked >= 0 {
		in = append(in, x.asked)
	}
	for _, numbers := range [][]int32{x.by[labelOf(all, x.label)], x.others} {
		for _, n := range numbers {
			if x.selectors[n].picks(all) {
				in = append(in, n)
			}
		}
	}
	return in
}
