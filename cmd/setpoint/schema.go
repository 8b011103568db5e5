package main

import (
	"github.com/spf13/cobra"

	"setpoint.dev/setpoint/slo"
)

func (a *app) schemaCmd() *cobra.Command {
	return &cobra.Command{
		Use:     "schema",
		Short:   "Print the JSON Schema of definitions",
		GroupID: "run",
		Long: `Print the JSON Schema of definitions, of all kinds, for editors to complete and
check them. Where the editor runs yaml-language-server, the first line of a file
of definitions names it:

  # yaml-language-server: $schema=definitions.schema.json

It knows keys, shapes and choices; all else 'setpoint check' says.`,
		Example: "  setpoint schema > definitions.schema.json",
		Args:    args(0, 0, "no arguments"),
		RunE: func(c *cobra.Command, _ []string) error {
			text, err := slo.Schema()
			if err == nil {
				_, err = c.OutOrStdout().Write(text)
			}
			return err
		},
	}
}
