package promql

import (
	"errors"
	"fmt"
	"strconv"

	"setpoint.dev/setpoint/sli"
)

// native reads the native histograms of a series:
//
//	[seconds, {"count": "7", "sum": "1.5", "buckets": [[0, "0.5", "1", "7"], …]}]
//
// for a vector, and a list of such for a matrix. A bucket is the rule of its
// bounds, the bounds, and how many observations it holds; empty ones are left
// out. What schema it is of is not told, nor whether the process began anew.
func (r *reading) native(s *scanner, key string) error {
	if (key == "histograms") != (r.kind == matrix) || r.one.histogram || r.kind == vector && r.one.samples {
		return fmt.Errorf("a series of a %s has %q", r.kind, key)
	}
	if r.kind == vector {
		return r.oneNative(s)
	}
	return s.list('[', ']', func() error { return r.oneNative(s) })
}

// oneNative reads one of them.
func (r *reading) oneNative(s *scanner) error {
	r.one.histogram = true
	if !r.histograms {
		return s.skip(4)
	}
	var h sli.Histogram
	n := 0
	err := s.list('[', ']', func() (err error) {
		switch n++; n {
		case 1:
			h.Milli, err = s.milli()
		case 2:
			err = s.histogram(&h)
		default:
			err = errors.New("a histogram of more than two parts")
		}
		return err
	})
	if err == nil && n < 2 {
		err = errors.New("a histogram of less than two parts")
	}
	if err != nil {
		return err
	}
	inside, err := r.placed(&h.Milli)
	if inside {
		r.one.histograms = append(r.one.histograms, h)
	}
	return err
}

// histogram scans what a native histogram holds.
func (s *scanner) histogram(h *sli.Histogram) error {
	counted := false
	err := s.object(func(key string) (err error) {
		switch key {
		case "count":
			counted = true
			h.Count, err = s.value()
		case "buckets":
			err = s.list('[', ']', func() error {
				b, err := s.bucket()
				h.Buckets = append(h.Buckets, b)
				return err
			})
		default:
			err = s.skip(5)
		}
		return err
	})
	if err == nil && !counted {
		err = errors.New("a histogram without a count")
	}
	return err
}

// bucket scans [rule,"lower","upper","count"].
func (s *scanner) bucket() (b sli.Bucket, err error) {
	n := 0
	err = s.list('[', ']', func() (err error) {
		switch n++; n {
		case 1:
			var rule []byte
			if rule, err = s.word(); err == nil {
				_, err = strconv.ParseUint(string(rule), 10, 2)
			}
		case 2:
			b.Lower, err = s.value()
		case 3:
			b.Upper, err = s.value()
		case 4:
			b.Count, err = s.value()
		default:
			err = errors.New("a bucket of more than four parts")
		}
		return err
	})
	if err == nil && n < 4 {
		err = errors.New("a bucket of less than four parts")
	}
	return b, err
}

// bytesOf is about how long native histograms are in JSON.
func bytesOf(all []sli.Histogram) (sum int64) {
	const each, bucket = 60, 55
	for _, h := range all {
		sum += each + bucket*int64(len(h.Buckets))
	}
	return sum
}
