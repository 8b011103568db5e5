package slo

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// A File is the text of one file of definitions.
type File struct {
	Name string // as problems name it
	Data []byte
}

// Load reads definitions. It returns all that is wrong with them at once,
// sorted by place. When that includes an error the set is nil: definitions
// are refused whole. Warnings alone leave the set in force.
//
// env looks up what stands for ${NAME} in the addresses of data sources and
// databases. With a nil env, as for a check on a machine that has no secrets,
// references are left as they are.
//
// Every reference of the set names something in it. Its lists are sorted by
// name. A file that is there twice, by name, is read once. Documents of other
// formats are read by the first of the importers that reads them.
func Load(files []File, env func(string) (string, bool), importers ...Importer) (*Set, Problems) {
	l := newLoader(env)
	l.importers = append(older(), importers...)
	return l.load(files)
}

// LoadLenient is Load for definitions that deviate from OpenSLO in the ways
// that are common: names with capitals, op and value beside a ratio metric,
// no budgetingMethod, no timeWindow or one that does not say whether it rolls.
// These become warnings that say what was assumed.
func LoadLenient(files []File, env func(string) (string, bool), importers ...Importer) (*Set, Problems) {
	l := newLoader(env)
	l.importers, l.lenient = append(older(), importers...), true
	return l.load(files)
}

func (l *loader) load(files []File) (*Set, Problems) {
	l.read(files)
	problems := l.problems()
	if problems.Err() != nil {
		return nil, problems
	}
	return l.finish(), problems
}

// read reads the files and puts together what they say.
func (l *loader) read(files []File) {
	read := map[string]bool{}
	l.surveySystems(files)
	for _, f := range files {
		switch {
		case read[f.Name]:
		case l.reader != nil:
			l.reader.file(l, f)
		default:
			l.file(f)
		}
		read[f.Name] = true
	}
	l.surveyed()
	l.resolve()
}

// A loader gathers what the documents say, and what has to wait until all of
// them are read.
type loader struct {
	env    func(string) (string, bool)
	tables map[string]kind // by apiVersion and kind
	files  []*source
	hints  int // suggestions made so far

	systems map[string]string  // :: data source → the system that it is; "" = one that is asked
	left    map[string]leftOut // :: objective that is not kept

	dialects map[string]string // data source → its type, of all that are declared

	lenient   bool
	part      bool // there are more files than these
	importers []Importer
	reader    *Reader   // knows files from before; nil: all are read
	writer    *writer   // of Convert; nil: nothing is written
	waiting   []waiting // documents of Surveyors

	declared   map[string]map[string]place // kind → name → where
	references []reference
	set        Set

	lastConditions []AlertCondition           // of the last policy that was given to an objective
	indicators     []*draftIndicator          // those of SLIs and those inside SLOs
	named          map[string]*draftIndicator // those of SLIs
	slos           []draftSLO
	composites     []*draftComposite
	onlyNames      map[string]string // :: SLO → the name that its only objective has in other formats
	alerts         []*draftAlert

	serviceAlerts map[string]string // what services say of the standard alerts
	homeless      bool              // it was said that an Alertmanager has no address
	actuators     []draft[Actuator]
	loops         []draft[ControlLoop]
	policies      []draft[ReleasePolicy]
	calendars     []draft[Calendar]
	adjustments   []draft[Adjustment]
	slas          []draft[SLA]
	reports       []draftReport
}

// A reference is the name of something that may be declared later on.
type reference struct {
	kind, name string
	place      place
	needed     bool // what refers to it cannot do without
	promised   bool // an SLO is for it
}

// A draft is a definition whose values still have to be compared with
// others'.
type draft[T any] struct {
	is   T
	spec value
}

func newLoader(env func(string) (string, bool)) *loader {
	l := &loader{
		env: env, tables: map[string]kind{}, declared: map[string]map[string]place{}, onlyNames: map[string]string{},
		named: map[string]*draftIndicator{}, serviceAlerts: map[string]string{}, systems: map[string]string{}, left: map[string]leftOut{},
		dialects: map[string]string{},
	}
	for _, k := range kinds() {
		l.tables[k.version+" "+k.name] = k
		l.declared[k.name] = map[string]place{}
	}
	l.declared[objectiveKind] = map[string]place{}
	return l
}

// objectiveKind is what messages call the objectives of SLOs.
const objectiveKind = "objective"

// file reads the documents of one file.
func (l *loader) file(f File) {
	src := newSource(f.Name)
	src.lenient = l.lenient
	for _, doc := range src.documents(f.Data) {
		for _, d := range l.imported(value{file: src, node: doc}) {
			l.take(d)
		}
	}
	src.refuseDoubles()
	l.files = append(l.files, src)
}

// document finds the table of a document, checks it against the table, and
// takes in what it says.
func (l *loader) document(doc value) {
	k, ok := l.kindOf(doc)
	if !ok {
		return
	}
	if k.name == "DataSource" {
		joinDetails(doc)
	}
	habits(doc, k.name)
	l.passSystems(doc, k.name)
	checkObject(doc, k.document())
	if doc.file.visits > maxVisits {
		return
	}
	l.annotations(doc.get("metadata").get("annotations"), k)
	l.declare(k.name, doc.get("metadata").get("name"))
	switch k.name {
	case "SLO":
		l.slo(doc)
	case compositeKindName:
		l.composite(doc)
	case "SLI":
		l.sli(doc)
	case "DataSource":
		l.dataSource(doc)
	case "Service":
		l.service(doc)
	case alertPolicyName:
		l.alerts = append(l.alerts, l.alertPolicy(doc))
	case alertConditionName:
		l.set.AlertConditions = append(l.set.AlertConditions, readCondition(doc))
	case alertTargetName:
		l.set.NotificationTargets = append(l.set.NotificationTargets, l.notificationTarget(doc))
	case "Actuator":
		l.actuator(doc)
	case "ControlLoop":
		l.loop(doc)
	case "ReleasePolicy":
		l.policy(doc)
	case "Calendar":
		l.calendar(doc)
	case "Adjustment":
		l.adjustment(doc)
	case "SLA":
		l.sla(doc)
	case "Report":
		l.report(doc)
	}
}

// kindOf is the table of a document, by its apiVersion and kind.
func (l *loader) kindOf(doc value) (kind, bool) {
	if doc.node.Kind != yaml.MappingNode {
		doc.refuse(whatIs(doc.node)+" where a definition is meant", "a mapping with apiVersion, kind, metadata and spec", "")
		return kind{}, false
	}
	version, name := doc.get("apiVersion"), doc.get("kind")
	if k, ok := l.tables[version.text()+" "+name.text()]; ok {
		return k, true
	}
	versions, names := []string{openSLO, ours}, kindsOf(version.text())
	switch {
	case !version.given():
		checkKeys(doc, kind{}.document())
		if doc.lacks("apiVersion") {
			version.refuse("missing", oneOf(versions), "")
		}
	case version.node.Kind != yaml.ScalarNode:
		version.refuse(whatIs(version.node)+" where text is meant", oneOf(versions), "")
	case isForeign(version.text()):
		version.refuse(short(version.text())+" is not supported yet", oneOf(versions), "")
	case !slices.Contains(versions, version.text()):
		version.refuse("unknown apiVersion "+short(version.text()), oneOf(versions), nearest(version.text(), versions))
	case !name.given():
		checkKeys(doc, kind{}.document())
		if doc.lacks("kind") {
			name.refuse("missing", oneOf(names), "")
		}
	case name.node.Kind != yaml.ScalarNode:
		name.refuse(whatIs(name.node)+" where text is meant", oneOf(names), "")
	default:
		name.refuse(fmt.Sprintf("%s has no kind %s", version.text(), short(name.text())), oneOf(names), nearest(name.text(), names))
	}
	return kind{}, false
}

// isForeign reports whether other SLO tools use this apiVersion.
func isForeign(version string) bool {
	group, _, _ := strings.Cut(version, "/")
	return slices.Contains([]string{"openslo", "openslo.com", "prometheus", "sloth.slok.dev", "pyrra.dev", "sre.google.com", "n9"}, group) && version != openSLO && version != "openslo.com/v1"
}

func kindsOf(version string) (names []string) {
	for _, k := range kinds() {
		if k.version == version {
			names = append(names, k.name)
		}
	}
	return names
}

// annotations checks those that are ours; the others belong to other tools.
func (l *loader) annotations(notes value, k kind) {
	if !notes.good() || notes.node.Kind != yaml.MappingNode {
		return
	}
	known := (&object{fields: k.annotations}).keys()
	for i := 0; i+1 < len(notes.node.Content); i += 2 {
		name := notes.node.Content[i].Value
		if !strings.HasPrefix(name, "setpoint.dev/") {
			continue
		}
		at := slices.Index(known, name)
		if at < 0 {
			key := value{file: notes.file, node: notes.node.Content[i], path: join(notes.path, short(name))}
			key.refuse("no annotation of a definition of kind "+k.name, listWords(known), nearest(name, known))
			continue
		}
		if child := notes.get(name); child.good() {
			checkNote(child, k.annotations[at])
		}
	}
}

// declare notes a name; a second one of the same kind is refused.
func (l *loader) declare(kind string, name value) {
	if !name.good() {
		return
	}
	if first, ok := l.declared[kind][name.text()]; ok {
		name.refuse(fmt.Sprintf("%s %s is declared already, at %s:%d", kind, name.text(), first.File, first.Line), "a name that is unique among its kind", "")
		return
	}
	l.declared[kind][name.text()] = name.place()
}

// refer notes that v names something of a kind, to be looked for when all
// documents are read.
func (l *loader) refer(kind string, v value) {
	if v.good() {
		l.references = append(l.references, reference{kind: kind, name: v.text(), place: v.place(), needed: true})
	}
}

// mention is refer for what can do without.
func (l *loader) mention(kind string, v value) {
	if v.good() {
		l.references = append(l.references, reference{kind: kind, name: v.text(), place: v.place()})
	}
}

// refuse lists an error at a place that was kept.
func (l *loader) refuse(p place, message, expected, suggestion string) {
	p.file.add(p.problem(SeverityError, message, expected, suggestion))
}

// problems are those of all files, in order.
func (l *loader) problems() (all Problems) {
	for _, f := range l.files {
		f.hideSecrets()
		all = append(all, f.problems...)
	}
	all.sort()
	return all
}

// finish sorts the lists of the set.
func (l *loader) finish() *Set {
	sortBy(l.set.Services, func(s Service) string { return s.Name })
	sortBy(l.set.Sources, func(s Source) string { return s.Name })
	sortBy(l.set.Objectives, func(o Objective) string { return o.Name })
	sortBy(l.set.Groupings, func(g Grouping) string { return g.Objective })
	sortBy(l.set.AlertPolicies, func(p AlertPolicy) string { return p.Name })
	sortBy(l.set.AlertConditions, func(c AlertCondition) string { return c.Name })
	sortBy(l.set.NotificationTargets, func(t NotificationTarget) string { return t.Name })
	sortBy(l.set.Actuators, func(a Actuator) string { return a.Name })
	sortBy(l.set.Loops, func(c ControlLoop) string { return c.Name })
	sortBy(l.set.Calendars, func(c Calendar) string { return c.Name })
	sortBy(l.set.Adjustments, func(a Adjustment) string { return a.Name })
	sortBy(l.set.SLAs, func(s SLA) string { return s.Name })
	sortBy(l.set.Reports, func(r Report) string { return r.Name })
	sortBy(l.set.Policies, func(p ReleasePolicy) string { return p.Name })
	set := l.set // a copy: the loader, with all the text that it read, is let go
	return &set
}

func sortBy[T any](list []T, name func(T) string) {
	slices.SortFunc(list, func(a, b T) int { return cmp.Compare(name(a), name(b)) })
}
