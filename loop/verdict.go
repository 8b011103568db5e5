package loop

// A Verdict is an answer of the gate as it goes on record, before it is
// given.
type Verdict struct {
	ID      string     `json:"id,omitempty"`      // given by the ledger
	Tool    string     `json:"tool"`              // in whose words it was asked: api, flagger, argo, …
	Repeats int        `json:"repeats,omitempty"` // how often the same answer was given to the same question since it was last recorded
	Answer  GateAnswer `json:"answer"`
}
