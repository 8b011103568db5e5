package main

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"setpoint.dev/setpoint/slo"
)

func (a *app) checkCmd() *cobra.Command {
	var read slo.Reader
	whole := false
	c := &cobra.Command{
		Use:     "check PATH…",
		Short:   "Check definition files and folders",
		GroupID: "run",
		Long: `Check definition files and folders. Everything that is wrong is said at once,
each with file, line and column, what was expected and the nearest valid name.
The exit code is 1 when something was refused; warnings alone give 0.

With --output sarif it is said in SARIF 2.1.0, which code review shows beside
the lines. With --lenient common deviations from OpenSLO become warnings that
say what is assumed.

A folder is taken as the whole: every name in it has to be declared in it. Files
that are named by themselves, as those that a change touches, are taken as parts
of more: a name that none of them declares is a warning, unless it is a slip away
from one that they do declare. Without --whole, that is; serve is always strict.`,
		Example:     "  setpoint check slos/\n  setpoint check slos/ --output sarif > setpoint.sarif",
		Args:        args(1, -1, "files or folders"),
		Annotations: map[string]string{moreOutputs: "sarif"},
		RunE: func(c *cobra.Command, paths []string) error {
			endBySignal()
			read.Part, read.Importers = !whole && onlyFiles(paths), importers()
			return a.check(c, paths, &read)
		},
	}
	c.Flags().BoolVar(&whole, "whole", false, "files are all that there are: what they do not declare is refused, as in a folder")
	lenientFlag(c, &read.Lenient)
	return c
}

// lenientFlag is the flag of the commands that read definitions.
func lenientFlag(c *cobra.Command, lenient *bool) {
	c.Flags().BoolVar(lenient, "lenient", false, "take common deviations from OpenSLO, with a warning that says what is assumed")
}

// onlyFiles reports whether no path names a folder.
func onlyFiles(paths []string) bool {
	return !slices.ContainsFunc(paths, func(path string) bool {
		info, err := os.Stat(path)
		return err == nil && info.IsDir()
	})
}

// checked is what check says to programs.
type checked struct {
	Valid      bool         `json:"valid"`
	Files      int          `json:"files"`
	Objectives int          `json:"objectives"`
	Actuators  int          `json:"actuators"`
	Loops      int          `json:"loops"`
	Policies   int          `json:"policies"`
	Needs      []string     `json:"needs,omitempty"` // variables of the environment by which serve finds the metrics
	Problems   slo.Problems `json:"problems"`
}

func (a *app) check(c *cobra.Command, paths []string, read *slo.Reader) error {
	files, problems := readDefinitions(paths)
	set, more := read.Load(files, nil)
	problems = append(problems, more...)
	r := checked{Valid: problems.Err() == nil, Files: len(files), Problems: problems}
	if r.Problems == nil {
		r.Problems = slo.Problems{}
	}
	if set != nil {
		r.Objectives, r.Actuators, r.Loops, r.Policies = len(set.Objectives), len(set.Actuators), len(set.Loops), len(set.Policies)
		for _, source := range set.Sources {
			r.Needs = append(r.Needs, source.Variables()...)
		}
		slices.Sort(r.Needs)
		r.Needs = slices.Compact(r.Needs)
	}
	err := error(nil)
	if a.output == "sarif" {
		err = writeSARIF(c.OutOrStdout(), r.Problems)
	} else {
		err = a.show(c, r, func(w io.Writer) { printChecked(w, r, files) })
	}
	if err != nil {
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
		fmt.Fprintf(w, "in order: %s, %s, %s, %s and %s\n", count(r.Files, "file"), count(r.Objectives, "objective"),
			count(r.Actuators, "actuator"), count(r.Loops, "loop"), count(r.Policies, "release policy"))
		if len(r.Needs) > 0 {
			fmt.Fprintf(w, "serve finds the metrics by its environment: set %s\n", strings.Join(r.Needs, " and "))
		}
		return
	}
	fmt.Fprintf(w, "%s in %s\n", count(len(r.Problems), "problem"), count(r.Files, "file"))
}
