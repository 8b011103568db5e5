package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"setpoint.dev/setpoint/client"
)

const (
	shownDeploys = 3              // that 'why' names
	deploysSince = 24 * time.Hour // how long before the decision they may be
)

// deploysOf are the deploys before a decision, of the service of the objective
// that its first rule looks at. What cannot be read is left out: they are told
// beside the explanation.
func deploysOf(ctx context.Context, ask client.Client, d client.Decision) []client.Deploy {
	if len(d.Pulls) == 0 {
		return nil
	}
	o, err := ask.Objective(ctx, d.Pulls[0].Objective)
	if err != nil {
		return nil
	}
	return deploysBefore(ctx, ask, o.Service, d.Input.At)
}

func deploysBefore(ctx context.Context, ask client.Client, service string, at time.Time) (out []client.Deploy) {
	found, err := ask.Deploys(ctx, service, at, shownDeploys)
	if err != nil {
		return nil
	}
	for _, d := range found {
		if at.Sub(d.At) < deploysSince {
			out = append(out, d)
		}
	}
	return out
}

// printDeploys names deploys, and what they burned.
func printDeploys(w io.Writer, all []client.Deploy) {
	if len(all) == 0 {
		return
	}
	fmt.Fprintln(w, "\ndeploys before")
	for _, d := range all {
		fmt.Fprintf(w, "  %s %s at %s, told by %s\n", d.Service, d.Release, clock(d.At), d.Tool)
		for _, b := range d.Burned {
			if b.Known {
				fmt.Fprintf(w, "    %s\n", b.Words)
			}
		}
	}
}
