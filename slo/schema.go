package slo

// A kind is the table of one kind of document. The tables are what the reader
// checks documents against and what the reference documentation is made of.
type kind struct {
	version     string // apiVersion
	name        string
	doc         string
	spec        *object
	annotations []field // those of ours that it may carry
	example     string
}

// An object is the table of the keys of a mapping.
type object struct {
	name   string // heading in the reference
	doc    string
	open   bool // the format lets anything stand here: unknown keys are warned of
	fields []field
}

// A field is one key of a mapping.
type field struct {
	key      string
	is       shape
	doc      string
	required bool
	instead  string   // what holds when the key is absent
	words    []string // the values of a choice
	of       *object  // what a mapping or a list holds
	empty    bool     // a list may hold nothing
	listed   bool     // a list of such mappings, each with some of the keys, may stand there too
	later    string   // OpenSLO has the key, this version does not: what to do instead
	unread   string   // why the key is passed over
	number   string   // what is said of a number where text is meant; empty: it is refused
	asked    bool     // it is checked where the type beside it is none, or one of prometheusTypes
	assumed  string   // what a lenient reader assumes where the key is missing, or says where it is not supported
}

// A shape says what a value must look like.
type shape int

const (
	shapeText      shape = iota // words for people
	shapeNote                   // a text of a tool, of any length
	shapeName                   // a name that others refer to
	shapeWord                   // a short text that is used as it stands
	shapeChoice                 // one of words
	shapeDecimal                // a number, kept exactly
	shapeWhole                  // an integer, not negative
	shapeTruth                  // true or false
	shapeDuration               // as ParseDuration reads it
	shapeWindow                 // OpenSLO's duration-shorthand
	shapeTimeSlice              // a duration-shorthand, or a number of minutes
	shapeAfter                  // a duration-shorthand, or 0m
	shapeSetting                // of an actuator: a duration, or open and frozen
	shapeQuery                  // PromQL
	shapeCondition              // an expression that holds or not
	shapeSecret                 // an address that may hold a password; ${NAME} is replaced
	shapeLabels                 // names to texts or lists of texts
	shapeNotes                  // annotations: names to texts
	shapeNames                  // a list of names
	shapeWords                  // a list of short texts that are used as they stand
	shapeMapping                // a mapping of fields
	shapeList                   // a list of mappings of fields
	shapeAny                    // anything
)

// String is the shape in the words of error messages and the reference.
func (s shape) String() string {
	switch s {
	case shapeText, shapeNote, shapeWord:
		return "text"
	case shapeName:
		return "a name"
	case shapeChoice:
		return "a word"
	case shapeDecimal:
		return "a number"
	case shapeWhole:
		return "a whole number"
	case shapeTruth:
		return "true or false"
	case shapeDuration:
		return "a duration"
	case shapeWindow, shapeAfter:
		return "a duration-shorthand"
	case shapeTimeSlice:
		return "a duration-shorthand or a number of minutes"
	case shapeSetting:
		return "a setting"
	case shapeQuery:
		return "a PromQL expression"
	case shapeCondition:
		return "a condition"
	case shapeSecret:
		return "an address"
	case shapeLabels:
		return "a mapping of labels"
	case shapeNotes:
		return "a mapping of texts"
	case shapeNames:
		return "a list of names"
	case shapeWords:
		return "a list of texts"
	case shapeMapping:
		return "a mapping"
	case shapeList:
		return "a list of mappings"
	}
	return "anything"
}

// item is the shape of what a list of scalars holds.
func (s shape) item() shape {
	if s == shapeWords {
		return shapeWord
	}
	return shapeName
}

// example is a value of the shape, for error messages.
func (s shape) example() string {
	switch s {
	case shapeDuration:
		return "such as 30s, 5m or 1h30m"
	case shapeWindow, shapeAfter:
		return "such as 1h, 7d or 30d (a whole number and one of m, h, d, w, M, Q, Y)"
	case shapeTimeSlice:
		return "such as 5m, 1h or 5"
	case shapeDecimal:
		return "such as 0.999"
	}
	return ""
}

// The API versions that are read.
const (
	openSLO = "openslo/v1"
	ours    = "setpoint.dev/v1"
)

// kinds are the tables of all kinds.
func kinds() []kind {
	return append(openSLOKinds(), ourKinds()...)
}

// metadata is the table of the key of that name, which all kinds share.
func metadata() *object {
	return &object{name: "metadata", doc: "What every document carries besides its `spec`.", fields: []field{
		{key: "name", is: shapeName, required: true, doc: "What others refer to it by; unique among its kind, over all files."},
		{key: "displayName", is: shapeText, doc: "Its name for people."},
		{key: "labels", is: shapeLabels, doc: "Words to group and filter by; a value is a text or a list of texts."},
		{key: "annotations", is: shapeNotes, doc: "Settings of tools, by prefix. Those under `setpoint.dev/` are read here; others are left to others."},
	}}
}

// document is the table of a whole document of k.
func (k kind) document() *object {
	return &object{name: k.name, doc: k.doc, fields: []field{
		{key: "apiVersion", is: shapeWord, required: true, doc: "`" + k.version + "`"},
		{key: "kind", is: shapeWord, required: true, doc: "`" + k.name + "`"},
		{key: "metadata", is: shapeMapping, required: true, of: metadata(), doc: "See [metadata](#metadata)."},
		{key: "spec", is: shapeMapping, required: true, of: k.spec, doc: "What it says."},
	}}
}
