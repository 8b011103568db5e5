package promql

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"

	"setpoint.dev/setpoint/sli"
)

// readMatrix takes the raw samples in a window.
func readMatrix(v model.Value, w window) ([]sli.Series, error) {
	matrix, ok := v.(model.Matrix)
	if !ok {
		return nil, wrongType(v, model.ValMatrix)
	}
	seen := make(map[string]bool, len(matrix))
	all := make([]sli.Series, 0, len(matrix))
	for _, stream := range matrix {
		if len(stream.Histograms) > 0 {
			return nil, faultf(sli.ReasonWrongType, "%s is a native histogram", plain(seriesID(stream.Metric)))
		}
		s := sli.Series{ID: seriesID(stream.Metric)}
		if seen[s.ID] {
			return nil, faultf(sli.ReasonDuplicate, "series %s is listed twice", plain(s.ID))
		}
		seen[s.ID] = true
		var err error
		if s.Samples, err = samplesIn(stream.Values, w); err != nil {
			return nil, fmt.Errorf("series %s: %w", plain(s.ID), err)
		}
		all = append(all, s)
	}
	return all, nil
}

// samplesIn checks that the samples lie in the window. A closed range has one
// more, just at its beginning, which is dropped.
func samplesIn(pairs []model.SamplePair, w window) ([]sli.Sample, error) {
	from, to := w.from.UnixMilli(), w.to.UnixMilli()
	samples := make([]sli.Sample, 0, len(pairs))
	for _, p := range pairs {
		at := int64(p.Timestamp)
		if at < from || at > to {
			return nil, faultf(sli.ReasonMalformed, "a sample at %s was not asked for", p.Timestamp.Time().UTC().Format(time.RFC3339Nano))
		}
		if at > from {
			samples = append(samples, sli.Sample{Milli: at, Value: float64(p.Value)})
		}
	}
	return samples, nil
}

// readVector takes one value of each series, as a sample at an instant.
func readVector(v model.Value, at time.Time) ([]sli.Series, error) {
	vector, ok := v.(model.Vector)
	if !ok {
		return nil, wrongType(v, model.ValVector)
	}
	seen := make(map[string]bool, len(vector))
	all := make([]sli.Series, 0, len(vector))
	for _, s := range vector {
		id := seriesID(s.Metric)
		switch {
		case s.Histogram != nil:
			return nil, faultf(sli.ReasonWrongType, "%s is a native histogram", plain(id))
		case seen[id]:
			return nil, faultf(sli.ReasonDuplicate, "series %s is listed twice", plain(id))
		}
		seen[id] = true
		all = append(all, sli.Series{ID: id, Samples: []sli.Sample{{Milli: at.UnixMilli(), Value: float64(s.Value)}}})
	}
	return all, nil
}

func wrongType(v model.Value, want model.ValueType) error {
	if v == nil {
		return faultf(sli.ReasonMalformed, "the answer holds no result")
	}
	return faultf(sli.ReasonWrongType, "the answer is a %s, not a %s", v.Type(), want)
}

// seriesID is the metric as a PromQL selector. Names that need it are quoted,
// and then all are, so that no two metrics have the same ID.
func seriesID(m model.Metric) string {
	var pairs []string
	for name, value := range m {
		if name != model.MetricNameLabel && !model.LegacyValidation.IsValidLabelName(string(name)) ||
			name == model.MetricNameLabel && !model.LegacyValidation.IsValidMetricName(string(value)) {
			return quotedID(m)
		}
		if name != model.MetricNameLabel {
			pairs = append(pairs, fmt.Sprintf("%s=%q", name, value))
		}
	}
	slices.Sort(pairs)
	return string(m[model.MetricNameLabel]) + "{" + strings.Join(pairs, ",") + "}"
}

func quotedID(m model.Metric) string {
	pairs := make([]string, 0, len(m))
	for name, value := range m {
		pairs = append(pairs, fmt.Sprintf("%q=%q", name, value))
	}
	slices.Sort(pairs)
	return "{" + strings.Join(pairs, ",") + "}"
}

// quoted reports whether an ID came from quotedID.
func quoted(id string) bool { return strings.HasPrefix(id, `{"`) }
