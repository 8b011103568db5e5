package loop

import "time"

// A Callback is a question to the gate that a delivery tool sent as a message,
// and that is answered by a request to the tool: at once, or when a hold ends.
type Callback struct {
	ID       string            `json:"id"` // made from what the tool sent, so that the same message sent again has the same
	Tool     string            `json:"tool"`
	Question GateQuestion      `json:"question"`
	To       map[string]string `json:"to"`              // where the tool waits for the answer, in its words; secrets only sealed
	Every    time.Duration     `json:"every,omitempty"` // a tool that takes silence for an end is told of a hold so often; 0 = once for each of its reasons
	At       time.Time         `json:"at"`
	Said     string            `json:"said,omitempty"`  // the codes of the reasons that the tool was told of last
	SaidAt   time.Time         `json:"saidAt,omitzero"` // and when
	Told     int               `json:"told,omitempty"`  // how often it was told of a hold
	Tries    int               `json:"tries,omitempty"` // that went wrong since it was last told something
	Next     time.Time         `json:"next,omitzero"`   // not before then
	Done     time.Time         `json:"done,omitzero"`   // when it was answered, or given up
	Error    string            `json:"error,omitempty"` // what went wrong last
}

// Knows reports whether the tool was told of a hold for these reasons, or was
// told as often as it may be.
func (c Callback) Knows(reasons string, most int, now time.Time) bool {
	if c.Every > 0 {
		return reasons == c.Said && now.Sub(c.SaidAt) < c.Every
	}
	return reasons == c.Said || c.Told >= most
}
