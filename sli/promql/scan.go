package promql

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"unicode/utf8"

	"setpoint.dev/setpoint/sli"
)

const (
	window0      = 64 << 10 // bytes that are looked at together
	longestToken = 1 << 20  // bytes of a string, or of the labels of a series
	deepest      = 64       // values in each other
)

// A scanner reads JSON from a stream through a window, as long as the longest
// token needs. What it returns as bytes is good until its next call.
type scanner struct {
	from    io.Reader
	buf     []byte
	at, end int   // buf[at:end] was not scanned yet
	bytes   int64 // read up to now
	err     error
}

func newScanner(from io.Reader) *scanner { return &scanner{from: from, buf: make([]byte, window0)} }

// have reports whether n bytes are in the window, after reading them if need be.
func (s *scanner) have(n int) bool {
	for s.end-s.at < n && s.err == nil {
		if s.at > 0 {
			s.end = copy(s.buf, s.buf[s.at:s.end])
			s.at = 0
		}
		if s.end == len(s.buf) {
			if len(s.buf) > longestToken {
				s.err = faultf(sli.ReasonTooLarge, "a string or the labels of a series are longer than %d bytes", longestToken)
				break
			}
			s.buf = append(s.buf, make([]byte, len(s.buf))...)
		}
		var read int
		read, s.err = s.from.Read(s.buf[s.end:])
		s.end += read
		s.bytes += int64(read)
	}
	return s.end-s.at >= n
}

// missing is why the stream ends where it should not.
func (s *scanner) missing() error {
	if errors.Is(s.err, io.EOF) {
		return errors.New("the answer ends in the middle")
	}
	return s.err
}

// next skips spaces and returns the byte after them, which it leaves there.
func (s *scanner) next() (byte, error) {
	for s.have(1) {
		switch c := s.buf[s.at]; c {
		case ' ', '\t', '\r', '\n':
			s.at++
		default:
			return c, nil
		}
	}
	return 0, s.missing()
}

// take skips spaces and the byte after them, which has to be c.
func (s *scanner) take(c byte) error {
	got, err := s.next()
	if err == nil && got != c {
		err = fmt.Errorf("invalid character %q instead of %q", got, c)
	}
	if err == nil {
		s.at++
	}
	return err
}

// over checks that nothing but spaces follows.
func (s *scanner) over() error {
	c, err := s.next()
	switch {
	case err == nil:
		return fmt.Errorf("invalid character %q after the answer", c)
	case errors.Is(s.err, io.EOF):
		return nil
	}
	return err
}

// token scans a string with its quotes.
func (s *scanner) token() ([]byte, error) {
	if c, err := s.next(); err != nil || c != '"' {
		return nil, cmp.Or(err, fmt.Errorf("invalid character %q instead of a string", c))
	}
	n, err := s.quoted(0)
	if err != nil {
		return nil, err
	}
	s.at += n
	return s.buf[s.at-n : s.at], nil
}

// quoted is where the string ends that begins n bytes from here.
func (s *scanner) quoted(n int) (int, error) {
	for n++; s.have(n + 1); n++ {
		switch c := s.buf[s.at+n]; {
		case c == '"':
			return n + 1, nil
		case c == '\\':
			length, err := s.escape(n)
			if err != nil {
				return 0, err
			}
			n += length
		case c < ' ':
			return 0, fmt.Errorf("invalid character %q in a string", c)
		}
	}
	return 0, s.missing()
}

// escape is how many bytes follow a backslash n bytes from here.
func (s *scanner) escape(n int) (int, error) {
	if !s.have(n + 2) {
		return 0, s.missing()
	}
	switch s.buf[s.at+n+1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 1, nil
	case 'u':
		if !s.have(n + 6) {
			return 0, s.missing()
		}
		if _, err := strconv.ParseUint(string(s.buf[s.at+n+2:s.at+n+6]), 16, 16); err == nil {
			return 5, nil
		}
	}
	return 0, errors.New("a string holds an escape that JSON has not")
}

// text scans a string and returns what it means.
func (s *scanner) text() (string, error) {
	raw, err := s.token()
	if err != nil {
		return "", err
	}
	return unquote(raw)
}

// unquote is what a string with its quotes means.
func unquote(raw []byte) (string, error) {
	plain := raw[1 : len(raw)-1]
	for _, c := range plain {
		if c == '\\' {
			var text string
			err := json.Unmarshal(raw, &text)
			return text, err
		}
	}
	if !utf8.Valid(plain) {
		return "", errors.New("a string is not valid UTF-8")
	}
	return string(plain), nil
}

// object scans an object; member scans the value of one key.
func (s *scanner) object(member func(key string) error) error {
	seen := make([]string, 0, 8)
	return s.list('{', '}', func() error {
		key, err := s.text()
		if err == nil {
			err = s.take(':')
		}
		if err != nil {
			return err
		}
		for _, k := range seen {
			if k == key {
				return fmt.Errorf("key %q occurs twice", plain(key))
			}
		}
		if len(seen) < cap(seen) {
			seen = append(seen, key)
		}
		return member(key)
	})
}

// list scans what stands between two brackets, separated by commas.
func (s *scanner) list(open, end byte, item func() error) error {
	if err := s.take(open); err != nil {
		return err
	}
	switch c, err := s.next(); {
	case err != nil:
		return err
	case c == end:
		s.at++
		return nil
	}
	for {
		if err := item(); err != nil {
			return err
		}
		c, err := s.next()
		switch {
		case err != nil:
			return err
		case c == end:
			s.at++
			return nil
		}
		if err := s.take(','); err != nil {
			return err
		}
	}
}

// is scans a text, if it is what comes next.
func (s *scanner) is(text string) bool {
	if !s.have(len(text)) || string(s.buf[s.at:s.at+len(text)]) != text {
		return false
	}
	s.at += len(text)
	return true
}

// flat scans an object of strings and returns it as it stands. That it is
// one shows when its members are scanned.
func (s *scanner) flat() ([]byte, error) {
	if c, err := s.next(); err != nil || c != '{' {
		return nil, cmp.Or(err, fmt.Errorf("invalid character %q instead of labels", c))
	}
	for n := 1; s.have(n + 1); n++ {
		switch s.buf[s.at+n] {
		case '}':
			s.at += n + 1
			return s.buf[s.at-n-1 : s.at], nil
		case '"':
			end, err := s.quoted(n)
			if err != nil {
				return nil, err
			}
			n = end - 1
		}
	}
	return nil, s.missing()
}

// skip scans a value of any kind that is depth deep.
func (s *scanner) skip(depth int) error {
	if depth > deepest {
		return fmt.Errorf("values are more than %d deep in each other", deepest)
	}
	c, err := s.next()
	if err != nil {
		return err
	}
	switch c {
	case '"':
		_, err = s.token()
	case '{':
		err = s.list('{', '}', func() error {
			if _, err := s.token(); err != nil {
				return err
			}
			if err := s.take(':'); err != nil {
				return err
			}
			return s.skip(depth + 1)
		})
	case '[':
		err = s.list('[', ']', func() error { return s.skip(depth + 1) })
	default:
		_, err = s.word()
	}
	return err
}

// word scans a number, true, false or null.
func (s *scanner) word() ([]byte, error) {
	if _, err := s.next(); err != nil {
		return nil, err
	}
	n := 0
	for ; s.have(n + 1); n++ {
		c := s.buf[s.at+n]
		if (c < '0' || c > '9') && (c < 'a' || c > 'z') && c != '.' && c != '-' && c != '+' && c != 'E' {
			break
		}
	}
	word := s.buf[s.at : s.at+n]
	if !json.Valid(word) {
		if n == 0 && s.have(1) {
			return nil, fmt.Errorf("invalid character %q", s.buf[s.at])
		}
		return nil, fmt.Errorf("invalid value %q", plain(string(word)))
	}
	s.at += n
	return word, nil
}
