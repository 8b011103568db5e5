package actuators

import (
	"strings"

	"setpoint.dev/setpoint/slo"
)

// classes are those of the role's statements that count and may be cancelled,
// as two lists of the same length; empty lists mean all of them.
type classes struct {
	applications []string // patterns of LIKE
	fingerprints []string // "" = any
}

func classesOf(declared []slo.QueryClass) classes {
	out := classes{[]string{}, []string{}}
	for _, c := range declared {
		pattern := "%"
		if c.Application != "" {
			name, any := strings.CutSuffix(c.Application, "*")
			pattern = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(name)
			if any {
				pattern += "%"
			}
		}
		out.applications, out.fingerprints = append(out.applications, pattern), append(out.fingerprints, c.Fingerprint)
	}
	return out
}

// fingerprint is the hash of a statement's text without comments, literals and
// spacing, computed by the database, so that no text leaves it. Lists of literals are
// one, however long.
const fingerprint = `'text:' || left(md5(btrim(regexp_replace(regexp_replace(regexp_replace(regexp_replace(lower(query),
	'--[^\n]*|/\*([^*]|\*+[^*/])*\*+/', ' ', 'g'), '''([^'']|'''')*''|\$?[0-9]+(\.[0-9]+)?', '?', 'g'),
	'\s+', ' ', 'g'), '\?( ?, ?\?)+', '?', 'g'))), 16)`

// inClasses is the condition that a statement is of one of the classes whose
// applications are parameter 3 and whose fingerprints are parameter 4.
const inClasses = `(cardinality($3::text[]) = 0 or exists (
	select from unnest($3::text[], $4::text[]) as c(application, print)
	where a.application_name like c.application and case
		when c.print like 'query:%' then c.print = 'query:' || a.query_id
		when c.print like 'text:%' then c.print = ` + fingerprint + `
		else true end))`
