package slo

import (
	"fmt"
	"slices"

	"github.com/prometheus/common/model"
)

// labelNames reads a list of labels that tell scrapers apart.
func labelNames(v value) (names []string) {
	for _, item := range v.items() {
		name := item.text()
		switch {
		case !model.LegacyValidation.IsValidLabelName(name) || name == model.MetricNameLabel:
			item.refuse(fmt.Sprintf("%q is no label of a series", short(name)), "the name of a label, as in replica", "")
		case slices.Contains(names, name):
			item.refuse("the label "+name+" is there twice", "each label once", "")
		}
		names = append(names, name)
	}
	return names
}
