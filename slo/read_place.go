package slo

import (
	"fmt"
	"path"
	"strings"
)

// What a pod has of its API server.
const (
	inCluster = "https://kubernetes.default.svc"
	podFolder = "/var/run/secrets/kubernetes.io/serviceaccount/"
)

// minSecret is the fewest characters of what is signed with.
const minSecret = 16

func (l *loader) readPlace(a *Actuator, spec value) {
	rest, tight := spec.get("rest"), spec.get("tight")
	for _, key := range []string{"rest", "tight", string(a.Kind)} {
		if spec.lacks(key) {
			spec.get(key).refuse("missing", "required for type: "+string(a.Kind), "")
		}
	}
	a.Unit = spec.get("unit").text()
	var okRest, okTight bool
	a.Rest, okRest = setting(rest, *a)
	a.Tight, okTight = setting(tight, *a)
	if okRest && okTight && a.Rest == a.Tight {
		tight.refuse("tight is the same as rest, so nothing could be set", "another number", "")
	}
	block := spec.get(string(a.Kind))
	switch a.Kind {
	case AtWebhook:
		a.Place = l.webhook(block)
	case AtFile:
		a.Place.Path = absolute(block.get("path"), "/etc/shop/rate.json")
	case AtKubernetes:
		a.Place = l.kubernetes(block)
	}
}

func (l *loader) webhook(v value) Place {
	secret := v.get("secret")
	p := Place{
		URL:     Secret(l.address(v.get("url"), httpAddress, "http:// or https://")),
		ReadURL: Secret(l.address(v.get("readURL"), httpAddress, "http:// or https://")),
		Secret:  Secret(l.address(secret, func(s string) bool { return len(s) >= minSecret }, fmt.Sprintf("%d characters or more", minSecret))),
	}
	if secret.good() && !hasReference(secret.text()) {
		secret.refuse("a secret in a file is read by everyone who reads the file", "${NAME}, from the environment", "")
	}
	return p
}

func (l *loader) kubernetes(v value) Place {
	p := Place{URL: inCluster, TokenFile: podFolder + "token", CAFile: podFolder + "ca.crt"}
	if server := v.get("server"); server.good() {
		p = Place{URL: Secret(l.address(server, httpAddress, "http:// or https://"))}
	}
	if at := v.get("tokenFile"); at.good() {
		p.TokenFile = absolute(at, podFolder+"token")
	}
	if at := v.get("caFile"); at.good() {
		p.CAFile = absolute(at, podFolder+"ca.crt")
	}
	p.Path = absolute(v.get("object"), "/api/v1/namespaces/shop/configmaps/limits")
	if at := v.get("object"); p.Path != "" && strings.Count(p.Path, "/") < 4 {
		at.refuse(p.Path+" is no path of an object", "such as /api/v1/namespaces/shop/configmaps/limits", "")
	}
	p.Field = v.get("field").text()
	for key := range strings.SplitSeq(p.Field, ".") {
		if at := v.get("field"); at.good() && key == "" {
			at.refuse(fmt.Sprintf("%q names no field", short(p.Field)), "keys with dots between them, such as data.rate", "")
			break
		}
	}
	return p
}

// absolute is a path that begins at the root and has no turns.
func absolute(v value, example string) string {
	s := v.text()
	if s == "" || path.IsAbs(s) && path.Clean(s) == s {
		return s
	}
	v.refuse(fmt.Sprintf("%q is no absolute path", short(s)), "such as "+example, "")
	return ""
}

// number reads a setting that is a plain number, in thousandths.
func number(v value) (float64, bool) {
	d, ok := v.decimal()
	_, den := d.Fraction()
	if !ok || 1000%den != 0 || d.Float() > 1e12 || d.Float() < -1e12 {
		v.refuse(fmt.Sprintf("%q is no setting of this actuator", short(v.text())), "a number with at most three places", "")
		return 0, false
	}
	return d.Float(), true
}
