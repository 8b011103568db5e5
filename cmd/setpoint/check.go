package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"setpoint.dev/setpoint/slo"
)

func (a *app) checkCmd() *cobra.Command {
	return &cobra.Command{
		Use:     "check PATH…",
		Short:   "Check definition files and folders",
		GroupID: "run",
		Long: `Check definition files and folders. Everything that is wrong is said at once,
each with file, line and column, what was expected and the nearest valid name.
The exit code is 1 when something was refused; warnings alone give 0.`,
		Example: "  setpoint check slos/",
		Args:    args(1, -1, "files or folders"),
		RunE:    func(c *cobra.Command, paths []string) error { return a.check(c, paths) },
	}
}

// checked is what check says to programs.
type checked struct {
	Valid      bool         `json:"valid"`
	Files      int          `json:"files"`
	Objectives int          `json:"objectives"`
	Actuators  int          `json:"actuators"`
	Loops      int          `json:"loops"`
	Policies   int          `json:"policies"`
	Problems   slo.Problems `json:"problems"`
}

func (a *app) check(c *cobra.Command, paths []string) error {
	files, problems := readDefinitions(paths)
	set, more := slo.Load(files, nil, importers()...)
	problems = append(problems, more...)
	r := checked{Valid: problems.Err() == nil, Files: len(files), Problems: problems}
	if r.Problems == nil {
		r.Problems = slo.Problems{}
	}
	if set != nil {
		r.Objectives, r.Actuators, r.Loops, r.Policies = len(set.Objectives), len(set.Actuators), len(set.Loops), len(set.Policies)
	}
	if err := a.show(c, r, func(w io.Writer) { printChecked(w, r, files) }); err != nil {
		return err
	}
	if !r.Valid {
		return exit{code: 1}
	}
	return nil
}

func printChecked(w io.Writer, r checked, files []slo.File) {
	printProblems(w, r.Problems, files)
	if r.Valid {
		fmt.Fprintf(w, "%d files are in order: %d objectives, %d actuators, %d loops, %d release policies\n", r.Files, r.Objectives, r.Actuators, r.Loops, r.Policies)
		return
	}
	fmt.Fprintf(w, "%d problems in %d files\n", len(r.Problems), r.Files)
}
