// Package pipelines holds the pages on how each delivery tool asks the gate.
// They are written for readers of the repository, and the page of the gate
// shows from them what is to be pasted, so that there is one copy of it.
package pipelines

import "embed"

// Pages are the pages, one a tool, and README.md, which lists them.
//
//go:embed *.md
var Pages embed.FS
