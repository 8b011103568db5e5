package accuracy_test

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

// increase sums what a naive increase() over each slice says.
func increase(t *testing.T, backend, history string, to time.Time) share {
	sum := func(matcher string) (sum float64) {
		query := fmt.Sprintf(`sum(increase(requests_total{history=%q%s}[1m]))`, history, matcher)
		for at := from; at.Before(to); at = at.Add(5 * day) {
			sum += sumOfRange(t, backend, query, at.Add(time.Minute), at.Add(min(5*day, to.Sub(at))))
		}
		return sum
	}
	return share{bad: sum(`,code="500"`), total: sum("")}
}

// sumOfRange adds up a query's values at each minute.
func sumOfRange(t *testing.T, backend, query string, first, last time.Time) (sum float64) {
	resp, err := http.Get(backend + "/api/v1/query_range?" + url.Values{
		"query": {query}, "step": {"60"}, "start": {strconv.FormatInt(first.Unix(), 10)}, "end": {strconv.FormatInt(last.Unix(), 10)},
	}.Encode())
	if err != nil {
		t.Error(err)
		return 0
	}
	defer resp.Body.Close()
	var answer struct {
		Data struct {
			Result []struct{ Values [][2]any }
		}
	}
	text, err := io.ReadAll(resp.Body)
	if err == nil {
		err = json.Unmarshal(text, &answer)
	}
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Errorf("ask for increase: %s, %v", resp.Status, err)
	}
	for _, r := range answer.Data.Result {
		for _, v := range r.Values {
			value, err := strconv.ParseFloat(fmt.Sprint(v[1]), 64)
			if err != nil {
				t.Error(err)
			}
			sum += value
		}
	}
	return sum
}

// report prints the results, and writes them where -update says so.
func report(t *testing.T, results []result, days int) {
	t.Helper()
	var b strings.Builder
	backend := ""
	for _, r := range results {
		if backend != string(r.backend) {
			backend = string(r.backend)
			fmt.Fprintf(&b, "\n## %s, %d days, seed %d\n\n%s", backend, days, *seed, heading)
		}
		b.WriteString(r.row())
	}
	t.Log(b.String())
	if !*update || !*full || t.Failed() {
		return
	}
	const page = "../../../docs/accuracy.md"
	old, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	words, _, found := strings.Cut(string(old), marker)
	if !found {
		t.Fatalf("%s has no line %q", page, marker)
	}
	if err := os.WriteFile(page, []byte(words+marker+"\n"+b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

const (
	marker  = "<!-- written by `make accuracy` from here on -->"
	heading = "| history | series | bad of total, knowable | budget left | with what no sample holds | bound | setpoint off by | increase() off by | bad, knowable off truth by | covered | gap slices |\n" +
		"|---|---|---|---|---|---|---|---|---|---|---|\n"
)

// row is one line of the table. Budget is of 99.9 %.
func (r result) row() string {
	know := r.knowable.share()
	return fmt.Sprintf("| %s | %d | %d of %d | %.2f %% | %.2f %% | ± %.2f %% | %s | %s | %s | %.2f %% | %d |\n",
		r.history.shape.name, len(r.history.series), r.knowable.bad, r.knowable.total, 100*r.left, 100*r.truth, 100*r.bound,
		percent(r.counted.off(know)), percent(r.increased.off(know)),
		percent(percentOff(float64(r.knowable.bad), float64(r.history.happened.bad))), 100*r.covered, r.gaps)
}

// percent tells 0 from what is only near it.
func percent(v float64) string {
	if v != 0 && math.Abs(v) < 0.01 {
		return "< 0.01 %"
	}
	return fmt.Sprintf("%.4g %%", v)
}
