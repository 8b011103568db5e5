package promql

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"setpoint.dev/setpoint/sli"
	"setpoint.dev/setpoint/slo"
)

// groupsOver is how far back a series counts as there: a target that is
// scraped seldom, or restarts, is still seen.
const groupsOver = 10 * time.Minute

// Groups returns the groups that the series of an indicator are in at an
// instant, each once, in order. It is an error when no series that is counted
// has a label that they are grouped by; those without it are a group of their
// own beside others.
func (s *Sources) Groups(ctx context.Context, g slo.Grouping, at time.Time) ([]slo.Group, error) {
	in := g.Each.Indicator
	src, ok := s.byName[in.Source]
	if !ok {
		return nil, configError(g.Each, errors.New("no such source is declared"))
	}
	all, part := in.Total, in.Good+in.Bad
	if in.Kind != slo.Counters {
		all, part = in.Query, ""
	}
	groups, err := src.groups(ctx, all, g.By, at)
	if err == nil {
		err = lacking(g, "the query", groups)
	}
	if err != nil || part == "" || len(groups) == 0 {
		return groups, err
	}
	parts, err := src.groups(ctx, part, g.By, at)
	if err == nil {
		err = lacking(g, "the query of good or bad", parts)
	}
	return groups, err
}

// lacking is an error when no series of a query has one of the labels.
func lacking(g slo.Grouping, query string, groups []slo.Group) error {
	for i, label := range g.By {
		if len(groups) > 0 && !slices.ContainsFunc(groups, func(of slo.Group) bool { return of[i] != "" }) {
			return fmt.Errorf("group %s: no series of %s has the label %s", g.Objective, query, label)
		}
	}
	return nil
}

// groups asks which values of some labels the series of a query have.
func (s *source) groups(ctx context.Context, query string, by []string, at time.Time) (groups []slo.Group, err error) {
	err = s.ask(ctx, groupsOf(query, by, at), grid{}, at, func(from io.Reader) (err error) {
		groups, err = s.readGroups(from, by)
		return err
	})
	slices.SortFunc(groups, func(a, b slo.Group) int { return slices.Compare(a, b) })
	return groups, err
}

func groupsOf(query string, by []string, at time.Time) question {
	span := window{from: at.Add(-groupsOver), to: at}
	return func(matcher string) string {
		return fmt.Sprintf("group by (%s) (%s)", strings.Join(by, ", "), span.lastOf(slo.SeriesOf(query))(matcher))
	}
}

// readGroups reads an answer of which only the labels matter.
func (s *source) readGroups(from io.Reader, by []string) (groups []slo.Group, err error) {
	var answer struct {
		Status, ErrorType, Error string
		Data                     struct {
			ResultType string
			Result     []struct{ Metric map[string]string }
		}
		IsPartial bool
		Stats     *struct{ SeriesFetched *string }
	}
	if err := json.NewDecoder(from).Decode(&answer); err != nil {
		return nil, faultf(sli.ReasonMalformed, "%s", plain(err.Error()))
	}
	if answer.Stats != nil && answer.Stats.SeriesFetched != nil { // only VictoriaMetrics tells
		s.remembers.Store(true)
	}
	switch {
	case answer.Status == "error":
		return nil, faultf(reasonOf(answer.ErrorType), "%s: %s", plain(answer.ErrorType), plain(answer.Error))
	case answer.Status != "success" || answer.Data.ResultType != vector:
		return nil, faultf(sli.ReasonMalformed, "the answer holds no groups")
	case answer.IsPartial && !s.cfg.AllowPartial:
		return nil, faultf(sli.ReasonPartial, "the backend marks its answer as partial")
	}
	for _, r := range answer.Data.Result {
		group := make(slo.Group, len(by))
		for i, label := range by {
			group[i] = r.Metric[label]
		}
		groups = append(groups, group)
	}
	return groups, nil
}
