package promql

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"time"

	"setpoint.dev/setpoint/sli"
	"setpoint.dev/setpoint/slo"
)

// levelParts is how many instants of a step an expression is evaluated at.
const levelParts = 12

// Levels returns how the measurement of an objective went whose samples are
// judged by a limit: its worst value in each step of [from, to], of all series,
// highest or lowest by what the limit is. It is for people: nothing is counted
// by it, and a failure does not make the source one that is left alone. One
// that is left alone just now is not asked. The error is a *sli.ReadError.
func (s *Sources) Levels(ctx context.Context, o slo.Objective, from, to time.Time, step time.Duration) ([]sli.Sample, error) {
	in := o.Indicator
	src, ok := s.byName[in.Source]
	switch {
	case !ok:
		return nil, configError(o, errors.New("no such source is declared"))
	case in.Kind != slo.Threshold:
		return nil, configError(o, errors.New("its samples are not judged by a limit"))
	}
	g := gridIn(window{from: from, to: to}, step)
	text := worst(in, step)
	if refused := src.breaker.refuses(time.Now()); refused != nil {
		refused.Query, refused.Curl = text, src.curl(text, g, to)
		return nil, refused
	}
	ctx, cancel := context.WithTimeout(ctx, src.declared.Timeout)
	defer cancel()
	var levels []sli.Sample
	err := src.exchange(ctx, text, g, to, func(body io.Reader) (err error) {
		levels, err = readLevels(body, src.cfg.AllowPartial)
		return err
	})
	if err != nil {
		return nil, src.readError(text, g, to, err)
	}
	return levels, nil
}

// worst asks for the worst value of a step.
func worst(in slo.Indicator, step time.Duration) string {
	of := "max"
	if in.Op == slo.GreaterOrEqual || in.Op == slo.Greater {
		of = "min"
	}
	return fmt.Sprintf("%s(%s_over_time((%s)[%dms:%dms]))", of, of, in.Query, step.Milliseconds(), (step / levelParts).Milliseconds())
}

// readLevels reads an answer of one series at most.
func readLevels(from io.Reader, allowPartial bool) (out []sli.Sample, err error) {
	var answer struct {
		Status, ErrorType, Error string
		Data                     struct {
			ResultType string
			Result     []struct{ Values [][2]json.RawMessage }
		}
		IsPartial bool
	}
	if err := json.NewDecoder(from).Decode(&answer); err != nil {
		return nil, faultf(sli.ReasonMalformed, "%s", plain(err.Error()))
	}
	switch {
	case answer.Status == "error":
		return nil, faultf(reasonOf(answer.ErrorType), "%s: %s", plain(answer.ErrorType), plain(answer.Error))
	case answer.Status != "success" || answer.Data.ResultType != matrix || len(answer.Data.Result) > 1:
		return nil, faultf(sli.ReasonMalformed, "the answer holds no levels")
	case answer.IsPartial && !allowPartial:
		return nil, faultf(sli.ReasonPartial, "the backend marks its answer as partial")
	}
	for _, r := range answer.Data.Result {
		for _, pair := range r.Values {
			var at float64
			var text string
			err := errors.Join(json.Unmarshal(pair[0], &at), json.Unmarshal(pair[1], &text))
			v, wrong := strconv.ParseFloat(text, 64)
			if err != nil || wrong != nil {
				return nil, faultf(sli.ReasonMalformed, "%s is no sample", plain(string(pair[0])+", "+string(pair[1])))
			}
			out = append(out, sli.Sample{Milli: int64(math.Round(at * 1000)), Value: v})
		}
	}
	return out, nil
}
