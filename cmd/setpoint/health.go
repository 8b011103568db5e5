package main

import (
	"context"
	"strings"

	"setpoint.dev/setpoint/web"
)

// health tells how the parts of this instance do, in the terms of the web room.
func (h *house) health(ctx context.Context) web.Health {
	out := web.Health{Began: h.began, Options: h.told, Spooled: h.clerk.Waiting() > 0, Checkpoint: h.witness.newest(), Ledger: h.ledgerHealth(ctx)}
	for _, b := range h.sources.asked.Load().Health() {
		one := web.Backend{Name: b.Source, Host: b.Host, Kind: b.Kind, Answered: b.Answered, Asked: b.Asked, Missed: b.Missed, Failing: b.Failing, Until: b.Until}
		if b.Error != nil {
			one.Error = b.Error.Error()
		}
		out.Backends = append(out.Backends, one)
	}
	return out
}

func (h *house) ledgerHealth(ctx context.Context) web.LedgerHealth {
	p, err := h.records.Health(ctx)
	if err != nil {
		return web.LedgerHealth{Error: err.Error()}
	}
	out := web.LedgerHealth{Server: p.Server, Took: p.Took, Size: p.Size, Schema: p.Schema, Standby: p.Standby, Holder: p.Holder, Since: p.Since}
	for _, c := range p.Heads {
		out.Chains = append(out.Chains, web.Chain{Name: c.Chain, Rows: c.Seq})
	}
	for _, i := range p.Instances {
		out.Instances = append(out.Instances, web.Instance(i))
	}
	for _, s := range p.Standbys {
		out.Standbys = append(out.Standbys, web.Standby(s))
	}
	return out
}

// shown is what an instance was told at its start, as its page shows it.
func (o options) shown() []web.Option {
	every := "the shortest slice, at most 1m"
	if o.every > 0 {
		every = o.every.String()
	}
	out := []web.Option{{Name: "definitions", Value: strings.Join(o.paths, ", ")}, {Name: "listens on", Value: o.listen}, {Name: "looks every", Value: every}}
	yes := map[bool]string{true: "yes", false: "no"}
	out = append(out, web.Option{Name: "asks who calls", Value: yes[o.auth]}, web.Option{Name: "encrypts", Value: yes[o.tlsCert != ""]})
	if o.issuer != "" {
		out = append(out, web.Option{Name: "people log in at", Value: o.issuer})
	}
	if o.stopFile != "" {
		out = append(out, web.Option{Name: "stop file", Value: o.stopFile})
	}
	return out
}
