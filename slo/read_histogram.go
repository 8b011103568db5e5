package slo

const histogramNote = "setpoint.dev/histogram"

// classic is an indicator of a classic histogram before its objectives say
// which of the buckets they count: a draft only.
const classic IndicatorKind = "classic histogram"

// histogram reads an indicator whose query selects a histogram of a sort:
// classic or native.
func (l *loader) histogram(in *Indicator, metric value, sort string) {
	in.Kind = classic
	if sort == "native" {
		in.Kind = Native
	}
	in.Query = l.sampled(metric, func(query string) error {
		_, err := readHistogram(query)
		return err
	})
}

// bucketed gives o the counters of what lies within the limit that an item of
// its SLO's objectives sets.
func (l *loader) bucketed(o *Objective, item value) {
	l.limit(o, item)
	in := &o.Indicator
	op, limit := item.get("op"), item.get("value")
	if op.good() && in.Op != LessOrEqual && in.Op != Greater {
		op.refuse("a bucket of a histogram holds what is at most its bound", "lte, or gt where slow is good", "lte")
	}
	if limit.good() && in.Value.Sign() <= 0 {
		limit.refuse(in.Value.String()+" is no bound of a bucket", "a number above 0, in the unit of the metric", "")
		return
	}
	v, err := readHistogram(in.Query)
	if err != nil || in.Value.Sign() <= 0 {
		return // it was said
	}
	if in.Kind == Native {
		in.Query = canonicalSelector(v)
		return
	}
	within := bucket(v, in.Value)
	made := Indicator{Name: in.Name, Source: in.Source, Position: in.Position, Bucket: in.Value, Total: renamed(v, v.Name+"_count")}
	if in.Op == Greater {
		made.Bad = within
	} else {
		made.Good = within
	}
	*in = made
}
