package main

import (
	"encoding/json"
	"io"
	"net/url"
	"path/filepath"

	"setpoint.dev/setpoint/slo"
)

// What check says to code review, in SARIF 2.1.0 (OASIS, 27 March 2020): only
// what is said here of that format.
type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool       sarifTool     `json:"tool"`
		ColumnKind string        `json:"columnKind"`
		Results    []sarifResult `json:"results"`
	}
	sarifTool struct {
		Driver sarifDriver `json:"driver"`
	}
	sarifDriver struct {
		Name    string      `json:"name"`
		Version string      `json:"version"`
		Rules   []sarifRule `json:"rules"`
	}
	sarifRule struct {
		ID   string    `json:"id"`
		Text sarifText `json:"shortDescription"`
	}
	sarifText struct {
		Text string `json:"text"`
	}
	sarifResult struct {
		RuleID    string          `json:"ruleId"`
		RuleIndex int             `json:"ruleIndex"`
		Level     string          `json:"level"`
		Message   sarifText       `json:"message"`
		Locations []sarifLocation `json:"locations"`
	}
	sarifLocation struct {
		Physical sarifPhysical  `json:"physicalLocation"`
		Logical  []sarifLogical `json:"logicalLocations,omitempty"`
	}
	sarifPhysical struct {
		Artifact sarifArtifact `json:"artifactLocation"`
		Region   sarifRegion   `json:"region"`
	}
	sarifArtifact struct {
		URI string `json:"uri"`
	}
	sarifRegion struct {
		StartLine   int `json:"startLine"`
		StartColumn int `json:"startColumn"`
		EndColumn   int `json:"endColumn,omitempty"`
	}
	sarifLogical struct {
		Name string `json:"fullyQualifiedName"`
	}
)

// writeSARIF writes problems as one run of a tool.
func writeSARIF(w io.Writer, problems slo.Problems) error {
	rules := []sarifRule{
		{"definition/error", sarifText{"A definition that is refused"}},
		{"definition/warning", sarifText{"A definition that is used, and that somebody should look at"}},
	}
	run := sarifRun{
		Tool: sarifTool{sarifDriver{Name: "setpoint", Version: version, Rules: rules}}, ColumnKind: "unicodeCodePoints", Results: []sarifResult{},
	}
	for _, p := range problems {
		run.Results = append(run.Results, sarifOf(p))
	}
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(sarifLog{"https://json.schemastore.org/sarif-2.1.0.json", "2.1.0", []sarifRun{run}})
}

func sarifOf(p slo.Problem) sarifResult {
	r := sarifResult{RuleID: "definition/error", Level: "error", Message: sarifText{p.Text()}}
	if p.Severity == slo.SeverityWarning {
		r.RuleID, r.RuleIndex, r.Level = "definition/warning", 1, "warning"
	}
	region := sarifRegion{StartLine: max(p.Line, 1), StartColumn: max(p.Col, 1)}
	if p.Width > 0 {
		region.EndColumn = region.StartColumn + p.Width
	}
	at := sarifLocation{Physical: sarifPhysical{sarifArtifact{fileURI(p.File)}, region}}
	if p.Path != "" {
		at.Logical = []sarifLogical{{p.Path}}
	}
	r.Locations = []sarifLocation{at}
	return r
}

// fileURI is a file's name as a reference: relative ones stay relative, to
// where check was run.
func fileURI(name string) string {
	u := url.URL{Path: filepath.ToSlash(name)}
	if filepath.IsAbs(name) {
		u.Scheme = "file"
	}
	return u.String()
}
