package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"setpoint.dev/setpoint/slo"
	"setpoint.dev/setpoint/slo/nobl9"
	"setpoint.dev/setpoint/slo/pyrra"
	"setpoint.dev/setpoint/slo/rules"
	"setpoint.dev/setpoint/slo/slogenerator"
	"setpoint.dev/setpoint/slo/sloth"
)

// importers read the definitions that people wrote for other tools.
func importers() []slo.Importer {
	return []slo.Importer{sloth.Importer{}, pyrra.Importer{}, slogenerator.Importer{}, nobl9.Importer{}}
}

// conversion is what convert is told on its command line.
type conversion struct{ to string }

func (a *app) convertCmd() *cobra.Command {
	var o conversion
	c := &cobra.Command{
		Use:     "convert PATH…",
		Short:   "Write definitions in another format",
		GroupID: "run",
		Long: `Write definitions to standard output in another format.

  openslo           every format that 'setpoint check' reads, as OpenSLO
  prometheus-rules  recording and alerting rules: the share of bad events, runs
                    or time slices over the windows of the alerts, of groups and
                    composites too, the budget that remains, and the alerts;
                    those of the standard tiers where nothing is said of them
  grafana           a Grafana dashboard of what these rules record: budgets
                    left, burn rates, bad events, alerts

What cannot be carried is said on standard error, with file, line and column;
the exit code is 1 when something was refused, and then nothing is written.`,
		Example: `  setpoint convert sloth/ > slos.yaml
  setpoint convert slos/ --to prometheus-rules > rules.yaml
  setpoint convert slos/ --to grafana > dashboard.json`,
		Args: args(1, -1, "files or folders"),
		RunE: func(c *cobra.Command, paths []string) error {
			endBySignal()
			return o.run(c, paths)
		},
	}
	c.Flags().StringVar(&o.to, "to", "openslo", "what is written: openslo, prometheus-rules or grafana")
	return c
}

func (o conversion) run(c *cobra.Command, paths []string) error {
	write, known := map[string]func([]slo.File) ([]byte, slo.Problems, error){
		"openslo": writeOpenSLO, "prometheus-rules": writeRules, "grafana": writeDashboard,
	}[o.to]
	if !known {
		return exit{usage, fmt.Sprintf("--to is openslo, prometheus-rules or grafana, not %q", o.to)}
	}
	files, problems := readDefinitions(paths)
	out, more, err := write(files)
	problems = append(problems, more...)
	printProblems(c.ErrOrStderr(), problems, files)
	switch {
	case err != nil:
		return err
	case problems.Err() != nil:
		return exit{code: 1}
	}
	_, err = c.OutOrStdout().Write(out)
	return err
}

func writeOpenSLO(files []slo.File) ([]byte, slo.Problems, error) {
	out, problems := slo.Convert(files, importers()...)
	return out, problems, nil
}

func writeRules(files []slo.File) ([]byte, slo.Problems, error) {
	set, problems := slo.Load(files, nil, importers()...)
	if set == nil {
		return nil, problems, nil
	}
	out, more, err := rules.Write(set)
	return out, append(problems, more...), err
}

// writeDashboard writes the dashboard of what the rules record. What they
// leave out is said for it too.
func writeDashboard(files []slo.File) ([]byte, slo.Problems, error) {
	set, problems := slo.Load(files, nil, importers()...)
	if set == nil {
		return nil, problems, nil
	}
	_, more, err := rules.Write(set)
	if err != nil {
		return nil, problems, err
	}
	out, err := rules.Dashboard(set)
	return out, append(problems, more...), err
}
