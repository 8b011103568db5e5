package slo

import (
	"fmt"
	"regexp"
	"strings"
)

// checkRecorded looks for metrics that recording rules compute, which have
// colons in their names by Prometheus's convention level:metric:operations. A
// rate or a ratio rises and falls, and is no counter; a sum of counters falls
// when a process ends, as if all of them had begun anew.
func checkRecorded(query value) {
	selectors, err := Selectors(query.text())
	if err != nil {
		return // said already
	}
	for _, s := range selectors {
		name, _, _ := strings.Cut(s, "{")
		at := strings.LastIndexByte(name, ':')
		switch {
		case at < 0:
		case rateByName(name[at+1:]):
			query.refuse(fmt.Sprintf("by its name %s is a rate or a share that a rule computes, and no counter", name), "the counters that the rule reads, or counter: false", "")
			return
		default:
			query.warn(fmt.Sprintf("by its name a rule records %s: a sum of counters falls when a process ends, which looks as if all of them began anew", name), "the counters that the rule reads", "")
			return
		}
	}
}

// rateByName reports whether operations, such as sum_rate5m, leave no counter.
func rateByName(operations string) bool {
	return regexp.MustCompile(`(^|_)(i?rate|increase|i?delta|deriv|ratio|avg|mean|min|max|quantile|percent)[0-9]*[smhdwy]?(_|$)`).MatchString(operations)
}
