package main

import (
	"bytes"
	"testing"
)

func TestTableKeepsRowsInOneLine(t *testing.T) {
	var out bytes.Buffer
	table(&out, [][]string{{"\nNAME", "STATE"}, {"a", "failed to connect:\n\tdial error:\n\tconnection refused"}, {"longer", ""}})
	const want = "\nNAME    STATE\na       failed to connect: dial error: connection refused\nlonger  \n"
	if got := out.String(); got != want {
		t.Errorf("got %q\nwant %q", got, want)
	}
}
