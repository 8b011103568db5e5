package slo

import (
	"regexp"
	"strings"
)

// A QueryClass is some of a role's statements: those of an application, with a
// fingerprint, or both.
type QueryClass struct {
	Application string `json:"application,omitempty"` // application_name; a * at the end is any rest; "" = any
	Fingerprint string `json:"fingerprint,omitempty"` // "query:" and the query_id, or "text:" and the hash of the text; "" = any
}

// fingerprints are the two forms of a fingerprint.
const fingerprints = `^(query:-?[0-9]{1,19}|text:[0-9a-f]{16})$`

func classTable() *object {
	return &object{name: "class", fields: []field{
		{key: "application", is: shapeText, instead: "any", doc: "The `application_name` of the session; a `*` at the end stands for any rest."},
		{key: "fingerprint", is: shapeWord, instead: "any", doc: "Of the statement: `query:` and its `query_id`, where the database computes one, or `text:` and the hash of its text without comments and literals. See [actuators.md](actuators.md#classes)."},
	}}
}

// readClasses reads which of the role's statements may be cancelled; none
// means all.
func readClasses(list value) (out []QueryClass) {
	form := regexp.MustCompile(fingerprints)
	for _, v := range list.items() {
		c := QueryClass{Application: v.get("application").text(), Fingerprint: v.get("fingerprint").text()}
		switch {
		case v.lacks("application", "fingerprint"):
			v.refuse("a class of nothing in particular", "an application, a fingerprint or both", "")
		case strings.Contains(strings.TrimSuffix(c.Application, "*"), "*"):
			v.get("application").refuse("a * stands at the end only", "reports-*", "")
		case v.get("fingerprint").good() && !form.MatchString(c.Fingerprint):
			v.get("fingerprint").refuse(short(c.Fingerprint)+" is no fingerprint", "query:-123456789 or text:0123456789abcdef", "")
		default:
			out = append(out, c)
		}
	}
	return out
}

// readRoleDefault reads how the role's timeout follows the setting.
func readRoleDefault(q *QueryTimeout, v value, a Actuator) {
	q.RoleDefault = v.get("roleDefault").truth()
	times := v.get("roleDefaultTimes")
	d, ok := times.decimal()
	switch {
	case q.RoleDefault && len(q.Classes) > 0:
		v.get("roleDefault").warn("the role's timeout is for all of its statements, also those of no class", "classes without roleDefault", "")
	case times.given() && !q.RoleDefault:
		times.refuse("nothing is set that it could be times of", "roleDefault: true", "")
	}
	switch {
	case !ok:
	case d.Cmp(NewDecimal(1, 0)) < 0 || d.Cmp(NewDecimal(100, 0)) > 0:
		times.refuse(d.String()+" is out of range: the role's timeout is the setting, or longer", "1 to 100", "")
	case d.Float()*a.Rest*1000 > float64(maxTimeout.Milliseconds()):
		times.refuse(d.String()+" times "+a.Show(a.Rest)+" is longer than a statement_timeout can be", "less", "")
	default:
		q.RoleTimes = d.Float()
	}
}
