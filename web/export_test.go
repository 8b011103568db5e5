package web

// What follows is for tests only.
var (
	OutIn   = outIn
	About   = about
	Percent = percent
	Count   = count
	Redact  = redact
	Window  = window
)
