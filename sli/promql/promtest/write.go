package promtest

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"maps"
	"math"
	"net/http"
	"slices"
)

// A Sample is a value of a series at an instant.
type Sample struct {
	Labels map[string]string // __name__ among them
	Milli  int64             // ms since the Unix epoch
	Value  float64
}

// Write stores samples by the remote write protocol, version 1, and returns
// when they can be asked for. They may be late, and in any order, by Config's
// Late.
func (s *Server) Write(samples []Sample) error {
	body := snappy(writeRequest(samples))
	req, err := http.NewRequest(http.MethodPost, s.URL+"/api/v1/write", bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("write samples: %w", err)
	}
	req.Header.Set("Content-Type", "application/x-protobuf")
	req.Header.Set("Content-Encoding", "snappy")
	req.Header.Set("X-Prometheus-Remote-Write-Version", "0.1.0")
	if err := do(req); err != nil {
		return fmt.Errorf("write samples: %w", err)
	}
	if s.Backend != VictoriaMetrics {
		return nil
	}
	if req, err = http.NewRequest(http.MethodGet, s.URL+"/internal/force_flush", nil); err == nil {
		err = do(req)
	}
	if err != nil {
		return fmt.Errorf("flush samples: %w", err)
	}
	return nil
}

func do(req *http.Request) error {
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	said, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode/100 != 2 {
		err = fmt.Errorf("status %d: %s", resp.StatusCode, said)
	}
	return err
}

// writeRequest is the protocol buffer of samples: one series for each run of
// equal labels.
func writeRequest(samples []Sample) (out []byte) {
	for len(samples) > 0 {
		var series []byte
		labels := samples[0].Labels
		for _, name := range slices.Sorted(maps.Keys(labels)) {
			series = field(series, 1, field(field(nil, 1, []byte(name)), 2, []byte(labels[name])))
		}
		for len(samples) > 0 && maps.Equal(samples[0].Labels, labels) {
			sample := binary.LittleEndian.AppendUint64([]byte{1<<3 | 1}, math.Float64bits(samples[0].Value))
			sample = binary.AppendUvarint(append(sample, 2<<3), uint64(samples[0].Milli))
			series = field(series, 2, sample)
			samples = samples[1:]
		}
		out = field(out, 1, series)
	}
	return out
}

// field appends a field of bytes.
func field(to []byte, number byte, value []byte) []byte {
	to = binary.AppendUvarint(append(to, number<<3|2), uint64(len(value)))
	return append(to, value...)
}

// snappy is text in snappy's block format, uncompressed: a length, and chunks
// that stand for themselves.
func snappy(text []byte) []byte {
	out := binary.AppendUvarint(nil, uint64(len(text)))
	for chunk := range slices.Chunk(text, 1<<16) {
		out = binary.LittleEndian.AppendUint16(append(out, 61<<2), uint16(len(chunk)-1))
		out = append(out, chunk...)
	}
	return out
}
