package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"setpoint.dev/setpoint/slo"
	"setpoint.dev/setpoint/slo/nobl9"
	"setpoint.dev/setpoint/slo/pyrra"
	"setpoint.dev/setpoint/slo/slogenerator"
	"setpoint.dev/setpoint/slo/sloth"
)

// importers read the definitions that people wrote for other tools.
func importers() []slo.Importer {
	return []slo.Importer{sloth.Importer{}, pyrra.Importer{}, slogenerator.Importer{}, nobl9.Importer{}}
}

func (a *app) convertCmd() *cobra.Command {
	to := "openslo"
	c := &cobra.Command{
		Use:     "convert PATH…",
		Short:   "Write definitions in another format",
		GroupID: "run",
		Long: `Write definitions to standard output in another format.

Definitions of every format that 'setpoint check' reads are rewritten as
OpenSLO. What cannot be carried is said on standard error, with file, line and
column; the exit code is 1 when something was refused, and then nothing is
written.`,
		Example: "  setpoint convert sloth/ > slos.yaml",
		Args:    args(1, -1, "files or folders"),
		RunE:    func(c *cobra.Command, paths []string) error { return convert(c, to, paths) },
	}
	c.Flags().StringVar(&to, "to", to, "format that is written: openslo")
	return c
}

func convert(c *cobra.Command, to string, paths []string) error {
	if to != "openslo" {
		return exit{usage, fmt.Sprintf("--to is openslo, not %q", to)}
	}
	files, problems := readDefinitions(paths)
	out, more := slo.Convert(files, importers()...)
	problems = append(problems, more...)
	printProblems(c.ErrOrStderr(), problems, files)
	if problems.Err() != nil {
		return exit{code: 1}
	}
	_, err := c.OutOrStdout().Write(out)
	return err
}
