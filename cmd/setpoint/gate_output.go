package main

import (
	"crypto/rand"
	"encoding/xml"
	"errors"
	"fmt"
	"html"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"setpoint.dev/setpoint/client"
)

// tellGate prints a judgement in the form that --output asks for.
func (a *app) tellGate(c *cobra.Command, v judgement) error {
	switch a.output {
	case "github":
		return tellGitHub(c.OutOrStdout(), v, os.Getenv("GITHUB_OUTPUT"), os.Getenv("GITHUB_STEP_SUMMARY"))
	case "gitlab":
		printBeside(c.ErrOrStderr(), v)
		return printDotenv(c.OutOrStdout(), v)
	case "junit":
		printBeside(c.ErrOrStderr(), v)
		return printJUnit(c.OutOrStdout(), v)
	}
	if v.Verdict == unknown {
		return nil // the complaint says it
	}
	return a.show(c, v.Answer, func(w io.Writer) { printAnswer(w, v.Answer) })
}

// printBeside shows people an answer whose form is for a pipeline. Where there
// is none the complaint says it.
func printBeside(w io.Writer, v judgement) {
	if v.Verdict != unknown {
		printAnswer(w, v.Answer)
	}
}

// gateFields is what pipelines get to work with, by name, in order.
func gateFields(v judgement) [][2]string {
	out := [][2]string{
		{"verdict", v.word}, {"allowed", fmt.Sprint(v.code == 0)}, {"service", v.Service}, {"words", v.says()},
		{"policy", v.Policy}, {"decision", v.Decision}, {"link", v.Link}, {"degraded", fmt.Sprint(v.Degraded || v.word == unknown)},
	}
	if !v.MayChangeAt.IsZero() {
		out = append(out, [2]string{"may_change_at", v.MayChangeAt.UTC().Format(time.RFC3339)})
	}
	return out
}

// tellGitHub writes workflow commands, and appends to the files that a
// runner names.
func tellGitHub(w io.Writer, v judgement, outputs, summary string) error {
	level := map[string]string{"allow": "notice", "deny": "error"}[v.word]
	if level == "" {
		level = "warning"
	}
	annotate(w, level, "Setpoint gate of "+v.Service, v.says())
	if v.Degraded {
		annotate(w, "warning", "Setpoint gate of "+v.Service, "degraded: "+strings.Join(v.DegradedBy, ", "))
	}
	for _, r := range v.Reasons {
		fmt.Fprintf(w, "%s\n", oneLine("  "+string(r.Verdict)+": "+r.Message))
	}
	return errors.Join(appendTo(outputs, gitHubOutputs(v)), appendTo(summary, markdown(v)))
}

// annotate escapes as the runner unescapes (actions/toolkit, command.ts).
func annotate(w io.Writer, level, title, text string) {
	data := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	property := strings.NewReplacer(":", "%3A", ",", "%2C")
	fmt.Fprintf(w, "::%s title=%s::%s\n", level, property.Replace(data.Replace(title)), data.Replace(text))
}

// gitHubOutputs uses the form with a delimiter, which no value can forge.
func gitHubOutputs(v judgement) string {
	var out strings.Builder
	for _, f := range gateFields(v) {
		end := "end-" + rand.Text()
		fmt.Fprintf(&out, "%s<<%s\n%s\n%s\n", f[0], end, f[1], end)
	}
	return out.String()
}

// markdown is the summary of a step. What the server says is shown as text.
func markdown(v judgement) string {
	plain := func(text string) string {
		text = html.EscapeString(oneLine(text))
		return strings.NewReplacer("|", "&#124;", "[", "&#91;", "]", "&#93;", "`", "&#96;", "*", "&#42;", "_", "&#95;", "!", "&#33;").Replace(text)
	}
	var out strings.Builder
	fmt.Fprintf(&out, "### Setpoint gate of %s: %s\n\n%s\n\n", plain(v.Service), plain(v.word), plain(v.says()))
	if len(v.Reasons) > 0 {
		out.WriteString("| asks for | reason | why |\n|---|---|---|\n")
	}
	for _, r := range v.Reasons {
		fmt.Fprintf(&out, "| %s | %s | %s |\n", plain(string(r.Verdict)), plain(r.Code), plain(r.Message))
	}
	if strings.HasPrefix(v.Link, "http://") || strings.HasPrefix(v.Link, "https://") {
		fmt.Fprintf(&out, "\n<%s>\n", oneLine(v.Link))
	}
	return out.String() + "\n"
}

// appendTo appends to a file; without a name it does nothing.
func appendTo(name, text string) error {
	if name == "" {
		return nil
	}
	f, err := os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("write the gate's answer: %w", err)
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Close())
}

// printDotenv writes one KEY=value a line, as GitLab reads it: no quotes, no
// comments, no empty lines, at most 5 kB.
func printDotenv(w io.Writer, v judgement) error {
	var err error
	for _, f := range gateFields(v) {
		value := oneLine(f[1])
		if r := []rune(value); len(r) > 500 {
			value = string(r[:499]) + "…"
		}
		_, failed := fmt.Fprintf(w, "SETPOINT_%s=%s\n", strings.ToUpper(f[0]), value)
		err = errors.Join(err, failed)
	}
	return err
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

type junitSuite struct {
	XMLName  xml.Name  `xml:"testsuite"`
	Name     string    `xml:"name,attr"`
	Tests    int       `xml:"tests,attr"`
	Failures int       `xml:"failures,attr"`
	Errors   int       `xml:"errors,attr"`
	Case     junitCase `xml:"testcase"`
}

type junitCase struct {
	Class   string     `xml:"classname,attr"`
	Name    string     `xml:"name,attr"`
	Failure *junitFail `xml:"failure"`
	Error   *junitFail `xml:"error"`
	Out     string     `xml:"system-out"`
}

type junitFail struct {
	Type    string `xml:"type,attr"`
	Message string `xml:"message,attr"`
}

// printJUnit writes deny and hold as failures and unknown as an error.
func printJUnit(w io.Writer, v judgement) error {
	s := junitSuite{Name: "setpoint gate", Tests: 1, Case: junitCase{Class: "setpoint.gate", Name: v.Service, Out: reasonLines(v.Answer)}}
	bad := &junitFail{Type: v.word, Message: v.says()}
	switch v.word {
	case string(client.Allow):
	case unknown:
		s.Errors, s.Case.Error = 1, bad
	default:
		s.Failures, s.Case.Failure = 1, bad
	}
	text, err := xml.MarshalIndent(s, "", "  ")
	if err == nil {
		_, err = fmt.Fprintf(w, "%s%s\n", xml.Header, text)
	}
	return err
}

func reasonLines(a client.Answer) string {
	var out strings.Builder
	printAnswer(&out, a)
	return out.String()
}
