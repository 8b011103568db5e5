package loop

// foreign leaves what somebody else has set: people who reach for the target
// itself have a reason that the loop does not see. They let go by setting it
// back; a pin or a revert, which are orders too, overwrites it.
func foreign(in Input, d Decision) (float64, Reason, string) {
	if in.Foreign == "" || d.Reason == ReasonPinned || d.Reason == ReasonReverting {
		return d.To, "", ""
	}
	return d.From, ReasonForeign, in.Foreign
}
