package client

// A Replay says whether a decision on record can be relied on: it was made again
// from its own evidence, under the definition that was in force, and its row
// was held against the rows beside it.
type Replay struct {
	Decision string   `json:"decision"`
	Same     bool     `json:"same"`            // it comes out as recorded
	Differs  []string `json:"differs"`         // the fields in which it does not
	Again    string   `json:"again,omitempty"` // its words when it is made again
	Error    string   `json:"error,omitempty"` // why it could not be made again
	Sound    bool     `json:"sound"`           // the row is as it was written
	Faults   []string `json:"faults"`          // what is wrong with it, or with the rows beside it
}
