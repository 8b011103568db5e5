package accuracy_test

import (
	"cmp"
	"fmt"
	"hash/crc64"
	"math"
	"math/rand/v2"
	"slices"
	"time"
)

const (
	scrape = 30 * time.Second // where a shape says nothing else
	warmUp = 20               // scrapes before the first slice
)

// from is where histories begin: a multiple of a day since the Unix epoch.
var from = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// A shape is how an indicator lives. Times are since the first slice, and
// functions may be nil.
type shape struct {
	name   string
	pods   int                                  // at any time
	load   func(time.Duration) float64          // requests a second of all pods
	errors func(time.Duration) float64          // share of requests that go wrong
	life   time.Duration                        // of a pod; the next one has another name; 0 = for ever
	crash  func(*rand.Rand, time.Duration) bool // a pod restarts under its name
	dark   func(time.Duration) bool             // nothing is stored
	jobs   bool                                 // every five minutes a process that is scraped once or twice
	lazy   lazy                                 // which counters appear with their first event
	pair   func(int, time.Duration) bool        // two scrapers watch it; whether one (0 or 1) stores nothing
	due    func(pod, tick int) bool             // whether a process is scraped at a tick; before the first slice and at the end it always is; nil = at each
	late   time.Duration                        // that scrapes are, by chance
	again  int                                  // how often more a pod restarts when it does
	begin  int64                                // what good counters begin with
	wrap   int64                                // where counters begin again from 0; 0 = nowhere
	every  time.Duration                        // between scrapes; 0 = 30 s
	told   time.Duration                        // scrape interval that is declared; 0 = it is learned
	slice  time.Duration                        // 0 = 1 min
	most   float64                              // percent that it may be off; 0 = 0.5
	short  bool                                 // part of the short form
}

type lazy int

const (
	eager      lazy = iota
	lazyErrors      // as client libraries do with a label for the code
	lazyAll
)

// A history is what happened and what was stored of it.
type history struct {
	shape    shape
	series   []*series
	happened counts // events, whether a scrape saw them or not
}

// A series is the stored samples of one counter.
type series struct {
	pod, code string
	scraper   string // of a pair
	samples   []sample
}

type sample struct{ milli, value int64 }

type counts struct{ bad, total int64 }

// A pod is one process and its counters.
type pod struct {
	name      string
	number    int
	phase     time.Duration // of its scrapes
	good, bad int64
	stored    [2][2]*series // of each scraper: good, bad
}

// live plays a shape for some days.
func live(s shape, seed uint64, days int) *history {
	s.every, s.slice = cmp.Or(s.every, scrape), cmp.Or(s.slice, time.Minute)
	p := &play{history: history{shape: s}, rng: rand.New(rand.NewPCG(seed, crc64.Checksum([]byte(s.name), crc64.MakeTable(crc64.ISO))))}
	for range s.pods {
		p.pods = append(p.pods, p.start())
	}
	p.last = int(time.Duration(days)*24*time.Hour/s.every) - 1
	for tick := -warmUp; tick <= p.last; tick++ {
		p.interval(tick)
	}
	return &p.history
}

// A play is a history in the making.
type play struct {
	history
	rng     *rand.Rand
	last    int // tick
	pods    []*pod
	started int
	job     *pod
	left    int // scrapes until the job ends
}

func (p *play) start() *pod {
	p.started++
	return &pod{name: fmt.Sprintf("pod-%d", p.started), number: p.started, good: p.shape.begin, phase: 100*time.Millisecond + time.Duration(p.rng.Int64N(int64(p.shape.every-time.Second-p.shape.late)))}
}

// interval plays the scrape interval that ends with scrape number tick.
func (p *play) interval(tick int) {
	at := time.Duration(tick) * p.shape.every
	for i := range p.pods {
		p.turn(i, tick, at)
	}
	if p.shape.jobs {
		p.work(tick, at)
	}
}

// turn plays one pod. Events before it is replaced or restarts are in no sample.
func (p *play) turn(i, tick int, at time.Duration) {
	s := p.shape
	n := p.draw(s.load(at) * s.every.Seconds() / float64(s.pods))
	if s.life > 0 && (at+time.Duration(i)*s.life/time.Duration(s.pods))%s.life == 0 {
		p.serve(p.pods[i], tick, n/2, at)
		n -= n / 2
		p.pods[i] = p.start()
	}
	if s.crash != nil && s.crash(p.rng, at) {
		left := n
		for range 1 + s.again {
			left = min(left, p.rng.Int64N(n+1))
		}
		p.serve(p.pods[i], tick, n-left, at)
		n = left
		p.pods[i].good, p.pods[i].bad = 0, 0
	}
	if s.pair != nil {
		p.serve(p.pods[i], tick, n/2, at)
		n -= n / 2
		p.scrape(p.pods[i], 0, at)
	}
	p.serve(p.pods[i], tick, n, at)
	p.scrape(p.pods[i], 1, at)
}

// work plays the jobs.
func (p *play) work(tick int, at time.Duration) {
	if tick%10 == 0 {
		p.job, p.left = p.start(), 1+p.rng.IntN(2)
	}
	if p.left > 0 {
		p.left--
		p.serve(p.job, tick, 1+p.rng.Int64N(30), at)
		p.scrape(p.job, 1, at)
	}
}

// draw is a whole number with a mean.
func (p *play) draw(mean float64) int64 {
	whole, part := math.Modf(mean)
	if p.rng.Float64() < part {
		whole++
	}
	return int64(whole)
}

// serve counts n requests.
func (p *play) serve(pod *pod, tick int, n int64, at time.Duration) {
	bad := min(n, p.draw(float64(n)*p.shape.errors(at)))
	pod.good, pod.bad = pod.good+n-bad, pod.bad+bad
	if p.shape.wrap > 0 {
		pod.good, pod.bad = pod.good%p.shape.wrap, pod.bad%p.shape.wrap
	}
	if tick >= 0 {
		p.happened.bad, p.happened.total = p.happened.bad+bad, p.happened.total+n
	}
}

// scrape stores what a pod shows, a few milliseconds late as scrapes are. The
// first of a pair of scrapers comes some seconds before the second.
func (p *play) scrape(pod *pod, scraper int, at time.Duration) {
	phase := pod.phase
	if scraper == 0 {
		phase /= 3
	}
	milli := from.Add(at+phase).UnixMilli() + p.rng.Int64N(40+p.shape.late.Milliseconds())
	tick := int(at / p.shape.every)
	if p.shape.due != nil && tick != -1 && tick < p.last && !p.shape.due(pod.number, tick) {
		return
	}
	if p.shape.dark != nil && p.shape.dark(at) || p.shape.pair != nil && p.shape.pair(scraper, at) {
		return
	}
	if pod.good > 0 || p.shape.lazy != lazyAll {
		p.store(pod, scraper, 0, sample{milli, int64(float64(pod.good))})
	}
	if pod.bad > 0 || p.shape.lazy == eager {
		p.store(pod, scraper, 1, sample{milli, pod.bad})
	}
}

func (p *play) store(pod *pod, scraper, i int, s sample) {
	at := &pod.stored[scraper][i]
	if *at == nil {
		*at = &series{pod: pod.name, code: [...]string{"200", "500"}[i]}
		if p.shape.pair != nil {
			(*at).scraper = fmt.Sprint("prometheus-", scraper)
		}
		p.series = append(p.series, *at)
	}
	(*at).samples = append((*at).samples, s)
}

// knowable is what all stored samples together tell about the time from the
// first slice on, by definition: each counter's growth from sample to sample,
// where a lower value counts from zero, and so does the first one of a series
// that appeared while its indicator was known. What a series counted before
// anything was known of its indicator nobody can date.
func (h *history) knowable() (sum counts) {
	known := h.known()
	for _, s := range h.counters() {
		before := int64(0)
		if first := s.samples[0]; first.milli < known {
			before = first.value
		}
		for _, m := range s.samples {
			grown := m.value - before
			if grown < 0 {
				grown = m.value
			}
			before = m.value
			if m.milli > from.UnixMilli() {
				sum.add(s.code, grown)
			}
		}
	}
	return sum
}

// counters are the series, those that two scrapers stored as one.
func (h *history) counters() (all []*series) {
	if h.shape.pair == nil {
		return h.series
	}
	byPod := map[string]*series{}
	for _, s := range h.series {
		one := byPod[s.pod+s.code]
		if one == nil {
			one = &series{pod: s.pod, code: s.code}
			byPod[s.pod+s.code], all = one, append(all, one)
		}
		one.samples = append(one.samples, s.samples...)
	}
	for _, one := range all {
		slices.SortFunc(one.samples, func(a, b sample) int { return cmp.Compare(a.milli, b.milli) })
	}
	return all
}

// known is since when the indicator is: from two scrapes and a half after the
// very first sample on all of its processes have been seen.
func (h *history) known() int64 {
	first := int64(math.MaxInt64)
	for _, s := range h.series {
		first = min(first, s.samples[0].milli)
	}
	return first + h.shape.every.Milliseconds()*5/2
}

func (c *counts) add(code string, n int64) {
	c.total += n
	if code == "500" {
		c.bad += n
	}
}
