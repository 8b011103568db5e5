package web

import (
	"cmp"
	"io/fs"
	"regexp"
	"strings"

	"setpoint.dev/setpoint/docs/pipelines"
)

// A toolRow is how a delivery tool asks the gate.
type toolRow struct {
	Name     string
	Snippets []string // to be pasted
}

// tools are the delivery tools, with what their pages have people paste, for a
// service and this server's address.
func (s *Server) tools(service string) (out []toolRow) {
	files, _ := fs.Glob(pipelines.Pages, "*.md")
	for _, name := range files {
		text, err := fs.ReadFile(pipelines.Pages, name)
		if err != nil || name == "README.md" {
			continue
		}
		row := toolOf(string(text))
		for i := range row.Snippets {
			row.Snippets[i] = s.ours(row.Snippets[i], service)
		}
		out = append(out, row)
	}
	return out
}

// toolOf reads a page: its heading and its blocks of code.
func toolOf(page string) (row toolRow) {
	row.Name, _, _ = strings.Cut(strings.TrimPrefix(page, "# "), "\n")
	blocks := strings.Split("\n"+page, "\n```")
	for i := 1; i < len(blocks); i += 2 {
		_, code, _ := strings.Cut(blocks[i], "\n")
		row.Snippets = append(row.Snippets, code)
	}
	return row
}

// ours puts a service and this server's address in the place of those of the
// pages.
func (s *Server) ours(code, service string) string {
	if service != "" {
		code = regexp.MustCompile(`\bcheckout\b`).ReplaceAllLiteralString(code, service)
	}
	return strings.ReplaceAll(code, "https://setpoint.example", cmp.Or(s.cfg.URL, "https://setpoint.example"))
}
