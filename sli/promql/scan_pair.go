package promql

import (
	"errors"
	"fmt"
	"strconv"

	"setpoint.dev/setpoint/sli"
)

// longestPair is more bytes than a pair in its common form has.
const longestPair = 48

// pair scans [seconds,"value"].
func (s *scanner) pair() (sli.Sample, error) {
	s.have(longestPair)
	if sample, n := quickPair(s.buf[s.at:s.end]); n > 0 {
		s.at += n
		return sample, nil
	}
	var sample sli.Sample
	n := 0
	err := s.list('[', ']', func() (err error) {
		switch n++; n {
		case 1:
			sample.Milli, err = s.milli()
		case 2:
			sample.Value, err = s.value()
		default:
			err = errors.New("a sample of more than two parts")
		}
		return err
	})
	if err == nil && n < 2 {
		err = errors.New("a sample of less than two parts")
	}
	return sample, err
}

// quickPair reads the form that nearly all pairs have: no spaces, whole
// seconds or ms, a value of digits alone. It returns the length that it read,
// 0 when the form is another.
func quickPair(b []byte) (sample sli.Sample, n int) {
	if len(b) < 6 || b[0] != '[' || b[1] == '0' {
		return sample, 0
	}
	seconds, n := digits(b, 1, 11)
	milli := int64(0)
	if n == 0 || n >= len(b) {
		return sample, 0
	}
	if b[n] == '.' {
		from := n + 1
		if milli, n = digits(b, from, 3); n == 0 {
			return sample, 0
		}
		for i := n - from; i < 3; i++ {
			milli *= 10
		}
	}
	if n+1 >= len(b) || b[n] != ',' || b[n+1] != '"' {
		return sample, 0
	}
	value, n := digits(b, n+2, 15)
	if n == 0 || n+1 >= len(b) || b[n] != '"' || b[n+1] != ']' {
		return sample, 0
	}
	return sli.Sample{Milli: seconds*1000 + milli, Value: float64(value)}, n + 2
}

// digits reads at most so many digits from b[at:]; end is 0 when there are
// none.
func digits(b []byte, at, most int) (v int64, end int) {
	end = at
	for ; end < len(b) && end < at+most && b[end]-'0' <= 9; end++ {
		v = 10*v + int64(b[end]-'0')
	}
	if end == at {
		return 0, 0
	}
	return v, end
}

// milli scans seconds as ms. Digits after the third are cut off.
func (s *scanner) milli() (int64, error) {
	word, err := s.word()
	if err != nil {
		return 0, err
	}
	negative := word[0] == '-'
	if negative {
		word = word[1:]
	}
	v, end := digits(word, 0, 15)
	if end == 0 {
		return 0, fmt.Errorf("time %s: not seconds", plain(string(word)))
	}
	rest, scale := word[end:], int64(1000)
	v *= 1000
	if len(rest) > 0 && rest[0] == '.' {
		for rest = rest[1:]; len(rest) > 0 && rest[0]-'0' <= 9; rest = rest[1:] {
			scale /= 10
			v += int64(rest[0]-'0') * scale
		}
	}
	if len(rest) > 0 {
		return 0, fmt.Errorf("time %s: not seconds", plain(string(word)))
	}
	if negative {
		v = -v
	}
	return v, nil
}

// value scans a number that is written as a string.
func (s *scanner) value() (float64, error) {
	text, err := s.text()
	if err != nil {
		return 0, err
	}
	v, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return 0, fmt.Errorf("read value: %w", err)
	}
	return v, nil
}
