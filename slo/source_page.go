package slo

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
)

// queryMark stands for the query in the address of a page.
const queryMark = "{query}"

// readPage is the address at which people look into a data source. It goes
// into pages, so it may hold no password.
func readPage(v value) string {
	if !v.good() {
		return ""
	}
	u, err := url.Parse(v.text())
	switch {
	case err != nil || !httpAddress(v.text()):
		v.refuse("not an address that can be used", "an http or https address, as in http://localhost:9090/graph", "")
		return ""
	case u.User != nil:
		v.refuse("a name or password in an address that everybody is shown", "the address without them", "")
		return ""
	}
	if _, known := (Source{Page: v.text()}).PageOf("up"); !known {
		v.refuse("it does not say where a query goes", "an address that ends with /graph or /query (Prometheus), /vmui (VictoriaMetrics) or /explore?datasource=UID (Grafana), or one with "+queryMark, "")
		return ""
	}
	return v.text()
}

// PageOf is the address at which people look at a query in the data source; ok
// is false when none is declared.
func (s Source) PageOf(query string) (address string, ok bool) {
	u, err := url.Parse(s.Page)
	if err != nil || s.Page == "" {
		return "", false
	}
	escaped := url.QueryEscape(query)
	uid := u.Query().Get("datasource")
	switch path := strings.TrimSuffix(u.Path, "/"); {
	case strings.Contains(s.Page, queryMark):
		return strings.ReplaceAll(s.Page, queryMark, escaped), true
	case u.RawQuery == "" && u.Fragment == "" && (strings.HasSuffix(path, "/graph") || strings.HasSuffix(path, "/query")):
		return strings.TrimSuffix(s.Page, "/") + "?g0.expr=" + escaped + "&g0.tab=0", true
	case u.RawQuery == "" && strings.HasSuffix(path, "/vmui"):
		return strings.TrimSuffix(strings.TrimRight(s.Page, "#/"), "/") + "/#/?g0.expr=" + escaped, true
	case strings.HasSuffix(path, "/explore") && uid != "":
		return grafana(*u, uid, query), true
	}
	return "", false
}

// grafana is the address of Explore with a query, as Grafana has it since 10
// (its documentation, "Explore", "Generate Explore URLs from external tools").
func grafana(u url.URL, uid, query string) string {
	panes, err := json.Marshal(map[string]any{"setpoint": map[string]any{
		"datasource": uid, "queries": []map[string]any{{"refId": "A", "expr": query, "datasource": map[string]string{"type": "prometheus", "uid": uid}}},
		"range": map[string]string{"from": "now-6h", "to": "now"},
	}})
	if err != nil { // unreachable: it is made of texts
		panic(fmt.Sprintf("slo: address of a query: %v", err))
	}
	values := u.Query()
	values.Del("datasource")
	values.Set("schemaVersion", "1")
	values.Set("panes", string(panes))
	u.RawQuery = values.Encode()
	return u.String()
}
