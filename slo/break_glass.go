package slo

import "time"

// breakGlassPer is how long a broken glass counts, unless it is declared.
const breakGlassPer = 30 * day

// breakGlass is a key of a release policy.
func breakGlass() field {
	return field{key: "breakGlass", is: shapeMapping, instead: "counted over 30 d, without a limit", doc: "How people may go past what protects others: override the gate of the service, or pin an actuator of it looser than it stands. See [break-glass](safety.md#break-glass).", of: &object{name: "breakGlass", fields: []field{
		{key: "most", is: shapeWhole, instead: "no limit", doc: "How often within `per`, by all services of the same team (or by this one, where nobody says whose it is). The next time is refused, but to an admin."},
		{key: "per", is: shapeDuration, instead: "30d", doc: "The stretch up to now that is counted, at most 90d."},
		{key: "ticket", is: shapeTruth, instead: "false", doc: "`true`: it has to name a ticket."},
	}}}
}

func readBreakGlass(v value) (b BreakGlass) {
	if !v.good() {
		return b
	}
	b = BreakGlass{Most: int(v.get("most").whole(0)), Per: breakGlassPer, Ticket: v.get("ticket").truth()}
	if v.get("most").good() && b.Most == 0 {
		v.get("most").refuse("nobody could ever break the glass", "1 or more, or no such key for no limit", "")
	}
	if v.lacks("most", "per", "ticket") {
		v.refuse("says nothing", "most, per or ticket", "")
	}
	if per := within(v.get("per"), time.Hour, longestPace); per > 0 {
		b.Per = per
	}
	return b
}

// Glass are the rules by which the glass of a service is broken, one of each
// of its policies that has some. The rule of a service that has none counts,
// and refuses nothing.
func (s *Set) Glass(service string) (out []BreakGlass) {
	for _, p := range s.Policies {
		if p.Service == service && p.BreakGlass != (BreakGlass{}) {
			out = append(out, p.BreakGlass)
		}
	}
	if len(out) == 0 {
		out = []BreakGlass{{Per: breakGlassPer}}
	}
	return out
}
