package slo

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// maxRule is the longest recurrence rule that is read, in bytes.
const maxRule = 1000

// mostADay is how often on one day a rule may come.
const mostADay = 48

// horizon is how far from its start a rule that counts is looked at.
const horizon = 100 * 366 * day

// ruleParts are the parts of a recurrence rule, RFC 5545 §3.3.10.
func ruleParts() []string {
	return []string{"FREQ", "INTERVAL", "COUNT", "UNTIL", "BYMONTH", "BYWEEKNO", "BYYEARDAY", "BYMONTHDAY", "BYDAY", "BYHOUR", "BYMINUTE", "BYSECOND", "BYSETPOS", "WKST"}
}

// A ruleReader reads the parts of one rule; all problems are shown at their
// place in the text.
type ruleReader struct {
	v     value
	start time.Time // as the clocks show it
	zone  *time.Location
	is    Repeat
	freq  string
	count int
	parts map[string]part
	wrong bool
}

// A part is NAME=text, text at an offset of the rule.
type part struct {
	text string
	at   int
}

// repeat reads a recurrence rule that begins at start, and turns COUNT into
// an end. False says that it was refused.
func repeat(v value, start time.Time) (Repeat, bool) {
	if v.text() == "" {
		return Repeat{}, false
	}
	r := &ruleReader{v: v, start: wallOf(start), zone: start.Location(), parts: map[string]part{}, is: Repeat{Interval: 1, WeekStart: time.Monday}}
	r.split()
	r.often()
	r.lists()
	r.times()
	r.defaults()
	r.end()
	return r.is, !r.wrong
}

// refuse lists a problem at an offset of the rule.
func (r *ruleReader) refuse(at int, message, expected, near string) {
	if p, ok := r.v.at(at); ok && !r.wrong {
		r.v.file.add(p.problem(SeverityError, message, expected, near))
		r.v.file.bad[r.v.node] = true
	} else {
		r.v.refuse(message, expected, near)
	}
	r.wrong = true
}

func (r *ruleReader) split() {
	text := r.v.text()
	if len(text) > maxRule {
		r.refuse(0, fmt.Sprintf("the rule is longer than %d bytes", maxRule), "", "")
		return
	}
	at := 0
	if len(text) > 6 && strings.EqualFold(text[:6], "RRULE:") {
		at = 6
	}
	for _, p := range strings.Split(text[at:], ";") {
		name, value, found := strings.Cut(p, "=")
		name = strings.ToUpper(strings.TrimSpace(name))
		_, twice := r.parts[name]
		switch {
		case !found || strings.TrimSpace(value) == "":
			r.refuse(at, fmt.Sprintf("%q is not a part of a recurrence rule", short(p)), "NAME=value, as in FREQ=WEEKLY;BYDAY=SU", "")
		case !slices.Contains(ruleParts(), name):
			r.refuse(at, "a recurrence rule has no part "+short(name), oneOf(ruleParts()), nearest(name, ruleParts()))
		case twice:
			r.refuse(at, name+" is there twice", "", "")
		}
		r.parts[name] = part{strings.ToUpper(strings.TrimSpace(value)), at + len(p) - len(value)}
		at += len(p) + 1
	}
}

// often reads FREQ, INTERVAL and WKST.
func (r *ruleReader) often() {
	units := map[string]Unit{"YEARLY": Years, "MONTHLY": Months, "WEEKLY": Weeks, "DAILY": Days, "HOURLY": Hours, "MINUTELY": Minutes, "SECONDLY": Minutes}
	freq, given := r.parts["FREQ"]
	r.freq = freq.text
	unit, known := units[freq.text]
	switch {
	case !given:
		r.refuse(0, "FREQ is missing", "FREQ=WEEKLY, for instance", "")
		return
	case !known:
		words := []string{"YEARLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY"}
		r.refuse(freq.at, "unknown frequency "+short(freq.text), oneOf(words), nearest(freq.text, words))
		return
	}
	r.is.Every = unit
	if numbers := r.numbers("INTERVAL", 1, 1000000, false); len(numbers) > 0 {
		r.is.Interval = numbers[0]
	}
	if p, ok := r.parts["WKST"]; ok {
		if d, ok := r.weekday(p.text, p.at); ok {
			r.is.WeekStart = d
		}
	}
	r.seldom(freq)
}

// seldom refuses what comes more often than once an hour. Once only is not
// often, whatever the rule says.
func (r *ruleReader) seldom(freq part) {
	switch once := r.parts["COUNT"].text == "1"; {
	case once && (freq.text == "SECONDLY" || freq.text == "MINUTELY"):
		r.is.Every, r.is.Interval = Hours, 1
	case freq.text == "SECONDLY" && r.is.Interval%60 == 0:
		r.is.Interval /= 60
	case freq.text == "SECONDLY":
		r.is.Interval = 0
	}
	if r.is.Every == Minutes && r.is.Interval < 60 {
		r.refuse(freq.at, "more often than once an hour, or not in whole minutes, is no calendar", "FREQ=HOURLY or rarer", "")
	}
}

// lists reads what chooses days.
func (r *ruleReader) lists() {
	r.is.Months = r.numbers("BYMONTH", 1, 12, false)
	r.is.WeekNumbers = r.numbers("BYWEEKNO", 1, 53, true)
	r.is.YearDays = r.numbers("BYYEARDAY", 1, 366, true)
	r.is.MonthDays = r.numbers("BYMONTHDAY", 1, 31, true)
	r.is.Positions = r.numbers("BYSETPOS", 1, 366, true)
	for _, name := range []string{"BYWEEKNO", "BYYEARDAY"} {
		if p, ok := r.parts[name]; ok && r.is.Every != Years && r.is.Every != "" {
			r.refuse(p.at, name+" has a meaning with FREQ=YEARLY only", "", "")
		}
	}
	if p, ok := r.parts["BYMONTHDAY"]; ok && r.is.Every == Weeks {
		r.refuse(p.at, "BYMONTHDAY has no meaning with FREQ=WEEKLY", "", "")
	}
	p, ok := r.parts["BYDAY"]
	if !ok {
		return
	}
	at := p.at
	for _, word := range strings.Split(p.text, ",") {
		if len(r.is.WeekNumbers) > 0 && len(word) > 2 {
			r.refuse(at, "a numbered day of the week has no meaning beside BYWEEKNO", word[len(word)-2:], "")
		}
		if d, ok := r.ordinal(word, at); ok {
			r.is.Days = append(r.is.Days, d)
		}
		at += len(word) + 1
	}
}

// ordinal reads MO, 1MO, +1MO or -1MO.
func (r *ruleReader) ordinal(word string, at int) (OrdinalDay, bool) {
	word = strings.TrimSpace(word)
	n := 0
	if cut := len(word) - 2; cut > 0 {
		var err error
		n, err = strconv.Atoi(word[:cut])
		if err != nil || n == 0 || n > 53 || n < -53 {
			r.refuse(at, fmt.Sprintf("%q is no day of the week", short(word)), "MO, or 1MO for the first, -1MO for the last", "")
			return OrdinalDay{}, false
		}
		word = word[cut:]
	}
	if n != 0 && r.is.Every != Months && r.is.Every != Years && r.is.Every != "" {
		r.refuse(at, "a numbered day of the week has a meaning with FREQ=MONTHLY and YEARLY only", word, "")
		return OrdinalDay{}, false
	}
	d, ok := r.weekday(word, at)
	return OrdinalDay{n, d}, ok
}

func (r *ruleReader) weekday(word string, at int) (time.Weekday, bool) {
	words := []string{"SU", "MO", "TU", "WE", "TH", "FR", "SA"}
	i := slices.Index(words, word)
	if i < 0 {
		r.refuse(at, fmt.Sprintf("%q is no day of the week", short(word)), oneOf(words), nearest(word, words))
	}
	return time.Weekday(max(i, 0)), i >= 0
}

// numbers reads a list of numbers from least to most; where signed, the same
// below zero count from the end.
func (r *ruleReader) numbers(name string, least, most int, signed bool) (out []int) {
	p, ok := r.parts[name]
	if !ok {
		return nil
	}
	at := p.at
	for _, word := range strings.Split(p.text, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(word))
		size := n
		if signed && n < 0 {
			size = -n
		}
		if err != nil || size < least || size > most {
			expected := fmt.Sprintf("%d to %d", least, most)
			if signed {
				expected += fmt.Sprintf(", or -%d to -%d from the end", least, most)
			}
			r.refuse(at, fmt.Sprintf("%s of %q is out of range", name, short(word)), expected, "")
			return nil
		}
		out = append(out, n)
		at += len(word) + 1
	}
	return out
}

// times reads the hours and minutes at which it starts.
func (r *ruleReader) times() {
	hours, minutes := r.is.Every == Hours, r.is.Every == Minutes
	r.is.Hours = sorted(r.numbers("BYHOUR", 0, 23, false))
	r.is.Minutes = sorted(r.numbers("BYMINUTE", 0, 59, false))
	r.is.Second = r.start.Second()
	if len(r.is.Hours) == 0 && !hours && !minutes {
		r.is.Hours = []int{r.start.Hour()}
	}
	if len(r.is.Minutes) == 0 && !minutes {
		r.is.Minutes = []int{r.start.Minute()}
	}
	daily := len(r.is.Hours) * len(r.is.Minutes)
	if hours {
		daily = 24 / min(r.is.Interval, 24) * len(r.is.Minutes)
	}
	if daily > mostADay {
		r.refuse(0, fmt.Sprintf("the rule comes %d times a day", daily), fmt.Sprintf("at most %d times", mostADay), "")
	}
	if p := r.parts["BYSECOND"]; p.text != "" {
		seconds := r.numbers("BYSECOND", 0, 59, false)
		if len(seconds) != 1 || minutes {
			r.refuse(p.at, "more often than once an hour is no calendar", "one second, or none", "")
			return
		}
		r.is.Second = seconds[0]
	}
	if p, ok := r.parts["BYSETPOS"]; ok && (hours || minutes) {
		r.refuse(p.at, "BYSETPOS has a meaning with FREQ=DAILY and rarer only", "", "")
	} else if ok && !r.chooses() {
		r.refuse(p.at, "BYSETPOS has nothing to choose from", "another BY… part", "")
	}
}

// chooses reports whether a part other than BYSETPOS names days or times.
func (r *ruleReader) chooses() bool {
	for name := range r.parts {
		if strings.HasPrefix(name, "BY") && name != "BYSETPOS" {
			return true
		}
	}
	return false
}

func sorted(numbers []int) []int {
	slices.Sort(numbers)
	return slices.Compact(numbers)
}

// defaults are the days of a rule that names none: those like its start.
func (r *ruleReader) defaults() {
	if len(r.is.WeekNumbers)+len(r.is.YearDays)+len(r.is.MonthDays)+len(r.is.Days) > 0 {
		return
	}
	switch r.is.Every {
	case Years:
		if len(r.is.Months) == 0 {
			r.is.Months = []int{int(r.start.Month())}
		}
		r.is.MonthDays = []int{r.start.Day()}
	case Months:
		r.is.MonthDays = []int{r.start.Day()}
	case Weeks:
		r.is.Days = []OrdinalDay{{Day: r.start.Weekday()}}
	}
}

// end reads UNTIL, or finds the last one of COUNT, and refuses a rule that
// never comes.
func (r *ruleReader) end() {
	until, bounded := r.parts["UNTIL"]
	count, counted := r.parts["COUNT"]
	switch {
	case r.wrong:
		return
	case bounded && counted:
		r.refuse(count.at, "UNTIL and COUNT are both there", "one of them", "")
		return
	case bounded:
		r.until(until)
	case counted:
		if n := r.numbers("COUNT", 1, 10000, false); len(n) > 0 {
			r.count = n[0]
		}
	}
	if r.wrong {
		return
	}
	r.last()
}

// last looks for the last start of a rule that counts, and for the first one
// of every rule: one that never comes is a mistake.
func (r *ruleReader) last() {
	found, step := 0, max(366*day, time.Duration(min(r.is.Interval, 100))*366*day)
	for from := r.start; from.Before(r.start.Add(horizon)); from = from.Add(step) {
		if r.v.file.tired(r.v.node, r.effort()) {
			r.wrong = true
			return
		}
		for _, t := range r.is.between(r.start, from, from.Add(step)) {
			if found++; found == r.count {
				r.is.Until = t
				return
			}
		}
		if found > 0 && r.count == 0 {
			return
		}
	}
	switch {
	case found == 0:
		r.refuse(0, "the rule never comes: no day is all that it asks for", "a rule that has a day within 100 years", "")
	case r.count > 0:
		r.is.Until = r.start.Add(horizon)
	}
}

// effort is what looking through a year costs.
func (r *ruleReader) effort() int {
	if r.is.Every == Hours || r.is.Every == Minutes {
		return 300
	}
	return 30
}

// until reads the last start that there may be: of UTC with a Z, otherwise as
// the clocks of the zone show it; a date is the end of that day.
func (r *ruleReader) until(p part) {
	if t, err := time.Parse("20060102T150405Z", p.text); err == nil {
		r.is.Until = wallOf(t.In(r.zone))
		return
	}
	if t, err := time.Parse("20060102T150405", p.text); err == nil {
		r.is.Until = t
		return
	}
	t, err := time.Parse("20060102", p.text)
	if err != nil {
		r.refuse(p.at, fmt.Sprintf("UNTIL=%s is no time", short(p.text)), "such as 20261231T235959Z", "")
		return
	}
	r.is.Until = t.Add(day - time.Second)
}
