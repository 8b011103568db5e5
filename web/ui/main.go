// Command ui bundles the scripts of the page: ours in src, with htmx and uPlot as npm fetched them, into one file
// that the server embeds, beside the licences of what is in it.
//
//	go -C web/ui run . -packages ../../.cache/parts/ui/node_modules -out ../dist
//
// The bundle is not committed. Without it the server is built all the same, and its pages run no script.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

func main() {
	packages := flag.String("packages", "../../.cache/parts/ui/node_modules", "folder of npm's packages")
	out := flag.String("out", "../dist", "folder that the bundle goes to")
	flag.Parse()
	if err := errors.Join(bundle(*packages, *out), licences(*packages, filepath.Join(*out, "licenses.txt"))); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// bundle writes app.js and app.css.
func bundle(packages, out string) error {
	dir, err := filepath.Abs(packages)
	if err != nil {
		return err
	}
	result := api.Build(api.BuildOptions{
		EntryPoints: []string{"src/app.js"}, Bundle: true, Outdir: out, Write: true, NodePaths: []string{dir}, Format: api.FormatIIFE, Target: api.ES2022,
		MinifyWhitespace: true, MinifyIdentifiers: true, MinifySyntax: true, LegalComments: api.LegalCommentsNone, Charset: api.CharsetUTF8,
	})
	var errs []error
	for _, m := range result.Errors {
		at := ""
		if m.Location != nil {
			at = fmt.Sprintf("%s:%d: ", m.Location.File, m.Location.Line)
		}
		errs = append(errs, fmt.Errorf("bundle scripts: %s%s", at, m.Text))
	}
	return errors.Join(errs...)
}

// licences writes the licence of each package of the bundle, under its name.
func licences(packages, to string) error {
	var all strings.Builder
	for _, name := range []string{"htmx.org", "uplot"} {
		text, err := os.ReadFile(filepath.Join(packages, name, "LICENSE"))
		if err != nil {
			return fmt.Errorf("read licence: %w", err)
		}
		fmt.Fprintf(&all, "%s\n\n%s\n\n", name, text)
	}
	return os.WriteFile(to, []byte(all.String()), 0o644)
}
