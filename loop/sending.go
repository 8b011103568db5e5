package loop

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"
)

// A Sending is a report on its way to one target. It goes on record when it
// begins, before anything is sent, and once more when it has ended.
type Sending struct {
	ID     string    `json:"id"` // of the message, by which a receiver knows one that it has had
	Report string    `json:"report"`
	Target string    `json:"target"` // name of whom it is sent to
	From   time.Time `json:"from"`   // the period [From, To) that it is about
	To     time.Time `json:"to"`
	Due    time.Time `json:"due,omitzero"` // when its schedule said that it be sent; zero = a person sends it
	By     string    `json:"by,omitempty"` // that person
	Why    string    `json:"why,omitempty"`
	At     time.Time `json:"at"`    // of the row
	Until  time.Time `json:"until"` // then it is given up
	Term             // of the leader that began it; zero: a person did
	Text   string    `json:"text,omitempty"` // what is sent, as JSON; of the beginning
	End    SendEnd   `json:"end,omitempty"`  // "" = it begins
	Error  string    `json:"error,omitempty"`
}

// A SendEnd is how a Sending ended.
type SendEnd string

// The ends of a Sending.
const (
	Sent   SendEnd = "sent"   // the target took it
	Unsent SendEnd = "unsent" // Error says why
)

// A SendingFilter chooses sendings.
type SendingFilter struct {
	Open  bool     // those that have not ended
	IDs   []string // of these messages; nil = all
	Limit int      // most of them; 0 = 100, never more than 1000
}

// SendingID names the message that tells a target of a period. What the
// schedule of a report sends has the same ID whoever sends it, and so it is
// sent once; what a person sends is told apart by when.
func SendingID(s Sending) string {
	parts := []string{s.Report, s.Target, s.From.UTC().Format(time.RFC3339), s.To.UTC().Format(time.RFC3339)}
	if s.Due.IsZero() {
		parts = append(parts, s.By, s.At.UTC().Format(time.RFC3339Nano))
	}
	sum := sha256.Sum256([]byte(strings.Join(parts, "\n")))
	return "report_" + hex.EncodeToString(sum[:16])
}
