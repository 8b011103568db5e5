package web

import (
	"net/http"
	"slices"

	"github.com/go-chi/chi/v5"

	"setpoint.dev/setpoint/client"
)

// An endpoint is a route for programs: how it is served, and how the OpenAPI
// document describes it.
type endpoint struct {
	method, path string
	scope        Scope
	serve        http.HandlerFunc
	does         string
	asks         []string // parameters of the query
	takes, gives any      // values of the types of body and answer; nil = none, or no JSON
	head         bool     // HEAD is served too
}

// mayGo is what every form of the question asks that is for any tool.
const mayGo = "May this release go? Status 200 whatever the verdict; with strict=1 a denial is 403, a hold 409; with format=text one line that begins with the verdict; with wait (30s, at most a minute) a hold is put off until it is none"

// endpoints are the routes for programs. The routes of the gate are not served
// for HEAD: no body must not be taken for a yes.
func (s *Server) endpoints() []endpoint {
	question := []string{"environment", "region", "change", "release", "size"}
	generic := slices.Concat(question, []string{"strict", "wait", "format"})
	named := func(name string, list any) map[string]any { return map[string]any{name: list} }
	evaluation := "/api/v2/deployments/gates/evaluation"
	return []endpoint{
		{"GET", "/v1/gate/{service}", ScopeGate, s.gate, mayGo, generic, nil, client.Answer{}, false},
		{"POST", "/v1/gate/{service}", ScopeGate, s.gate, mayGo, generic, gateAsking{}, client.Answer{}, false},
		{"GET", "/v1/gate", ScopeGate, s.gate, mayGo, slices.Concat(generic, []string{"service"}), nil, client.Answer{}, false},
		{"POST", "/v1/gate", ScopeGate, s.gate, mayGo, slices.Concat(generic, []string{"service"}), gateAsking{}, client.Answer{}, false},
		{"POST", "/v1/gate/flagger/{hook}", ScopeGate, s.flagger, "The gate for Flagger: 200 goes on, 403 does not; rollback has its own polarity", slices.Concat(question, []string{"service"}), flaggerHook{}, nil, false},
		{"GET", "/v1/gate/argo/{service}", ScopeGate, s.argo, "The gate for a web metric of Argo Rollouts", question, nil, client.Answer{}, false},
		{"POST", "/v1/gate/argo/{service}", ScopeGate, s.argo, "The gate for a web metric of Argo Rollouts", question, asking{}, client.Answer{}, false},
		{"PUT", "/v1/gate/argo/{service}", ScopeGate, s.argo, "The gate for a web metric of Argo Rollouts", question, asking{}, client.Answer{}, false},
		{"POST", "/v1/gate/tekton", ScopeGate, s.tekton, "The gate for an interceptor of Tekton Triggers", nil, tektonRequest{}, tektonResponse{}, false},
		{"POST", "/v1/gate/kubernetes", ScopeGate, s.kubernetes, "The gate for a ValidatingAdmissionWebhook of Kubernetes", nil, admissionReview{}, admissionReview{}, false},
		{"POST", "/v1/gate/gatekeeper", ScopeGate, s.gatekeeper, "The gate for an external data provider of OPA Gatekeeper: a key is a question as a query has it", nil, gatekeeperRequest{}, gatekeeperResponse{}, false},
		{"POST", evaluation, ScopeGate, s.datadogStart, "The gate for datadog-ci: begins an evaluation", nil, datadogDocument[datadogQuestion]{}, datadogDocument[datadogTicket]{}, false},
		{"GET", evaluation + "/{id}", ScopeGate, s.datadogPoll, "The gate for datadog-ci: how an evaluation stands", nil, nil, datadogDocument[datadogResult]{}, false},

		{"POST", "/v1/hooks/{tool}", "", s.hooked, "A message of github, gitlab, terraform or azure, signed by it, that asks the gate; the answer is a request of ours. 401 without a good signature; one that came before is not counted again", []string{"service", "environment", "region", "change", "release", "size"}, map[string]any{}, hookTaken{}, false},
		{"POST", "/v1/deploys", ScopeGate, s.deployed, "Tells of a release that began to take traffic", nil, client.Deploy{}, client.Deploy{}, false},
		{"GET", "/v1/deploys", ScopeRead, s.deploys, "Releases that tools told of, the newest first, with what each burned of the budgets", []string{"service", "to", "limit"}, nil, named("deploys", []client.Deploy{}), false},
		{"GET", "/v1/risk/{service}", ScopeRead, s.risk, "What a release of a service usually burns, against what is left", nil, nil, named("risks", []client.Risk{}), false},
		{"GET", "/v1/status", ScopeRead, s.status, "Everything at once, as of the newest tick", nil, nil, client.Status{}, false},
		{"GET", "/v1/definitions", ScopeRead, s.definitions, "How reading the definitions went", nil, nil, client.Definitions{}, false},
		{"GET", "/v1/objectives", ScopeRead, s.objectives, "All objectives with their budgets", []string{"judge"}, nil, named("objectives", []client.Objective{}), false},
		{"GET", "/v1/objectives/{name}", ScopeRead, s.objective, "One objective with its budget", []string{"judge"}, nil, client.Objective{}, false},
		{"GET", "/v1/objectives/{name}/versions", ScopeRead, s.versions, "Versions of an objective's definition, the oldest first", nil, nil, named("versions", []client.Version{}), false},
		{"GET", "/v1/settings", ScopeRead, s.settings, "Settings of all actuators", nil, nil, named("settings", []client.Setting{}), false},
		{"GET", "/v1/settings/{actuator}", ScopeRead, s.setting, "The setting of an actuator; with wait, and If-None-Match, when it has changed. 304 when it has not. With Accept: text/event-stream each change as an event", []string{"wait"}, nil, client.Setting{}, false},
		{"GET", "/v1/retry/{service}", ScopeRead, s.retry, "The retry contract for calls to a service", []string{"caller", "wait"}, nil, client.Setting{}, false},
		{"POST", "/v1/quota/{actuator}/lease", ScopeGate, s.lease, "Gives a gate its part of a quota's capacity, for a while", nil, client.LeaseAsk{}, client.Lease{}, false},
		{"GET", "/v1/decisions", ScopeRead, s.decisions, "Decisions, the newest first", []string{"actuator", "moves", "from", "to", "before", "limit"}, nil, named("decisions", []client.Record{}), false},
		{"GET", "/v1/decisions/export", ScopeRead, s.download, "Decisions as a file, the newest first, up to 100,000: format csv or jsonl", []string{"format", "actuator", "moves", "from", "to", "before"}, nil, nil, false},
		{"GET", "/v1/decisions/{id}/check", ScopeRead, s.check, "Makes a decision again from its own evidence, and verifies its row against those beside it", nil, nil, client.Replay{}, false},
		{"GET", "/v1/decisions/{id}", ScopeRead, s.decision, "One decision with its evidence and outcome", nil, nil, client.Record{}, false},
		{"GET", "/v1/verdicts", ScopeRead, s.verdicts, "Answers of the gate that are on record, the newest first", []string{"service", "release", "before", "limit"}, nil, named("verdicts", []client.RecordedVerdict{}), false},
		{"GET", "/v1/verdicts/{id}", ScopeRead, s.verdict, "One answer of the gate as it was given", nil, nil, client.RecordedVerdict{}, false},
		{"GET", "/v1/shadows", ScopeRead, s.shadows, "What each loop would have done while it was not free to act, and whether people did the same", nil, nil, named("shadows", []client.Shadow{}), false},
		{"GET", "/v1/worth", ScopeRead, s.worth, "What each loop did, or would have done, weighed against people who do it by hand", nil, nil, named("worth", []client.Worth{}), false},
		{"GET", "/v1/orders", ScopeRead, s.orders, "Orders in force", nil, nil, named("orders", []client.Order{}), false},
		{"GET", "/v1/break-glass", ScopeRead, s.breakGlass, "Orders of the last 30 days by which people went past what protects others, the newest first", nil, nil, named("orders", []client.Order{}), false},
		{"POST", "/v1/orders", ScopeOverride, s.giveOrder, "Gives an order. 201 when it is on record, 202 when it is in force and still to be recorded", nil, draft{}, client.Receipt{}, false},
		{"GET", "/v1/reports", ScopeRead, s.reports, "Reports that are sent by themselves: when next, and how it went of late", nil, nil, named("reports", []client.ScheduledReport{}), false},
		{"POST", "/v1/reports/{report}/send", ScopeOverride, s.sendReport, "Sends a report now, about the period that ended last. 201 when that is on record; it goes out seconds later", nil, client.SendReport{}, named("sendings", []client.Sending{}), false},
		{"GET", "/v1/tokens", ScopeAdmin, s.tokens, "Tokens that callers are known by, without their secrets", nil, nil, named("tokens", []client.Token{}), false},
		{"POST", "/v1/tokens", ScopeAdmin, s.makeToken, "Makes a token. Its secret is in this answer and nowhere else", nil, client.NewToken{}, client.MadeToken{}, false},
		{"DELETE", "/v1/tokens/{token}", ScopeAdmin, s.revokeToken, "Revokes a token, by its ID or its name; every server refuses it seconds later", nil, nil, client.Token{}, false},
		{"GET", "/metrics", ScopeRead, s.metrics, "Metrics in the text format of Prometheus", nil, nil, nil, true},

		{"GET", "/healthz", "", s.healthz, "The process answers", nil, nil, map[string]string{}, true},
		{"GET", "/readyz", "", s.readyz, "The first tick is done", nil, nil, map[string]bool{}, true},
		{"GET", "/openapi.json", "", s.openAPI, "This document", nil, nil, map[string]any{}, true},
	}
}

// programRoutes serves the endpoints, each to those who have its scope.
func (s *Server) programRoutes(r chi.Router) {
	for _, e := range s.endpoints() {
		to := r
		if e.scope != "" {
			to = r.With(s.needs(e.scope))
		}
		to.Method(e.method, e.path, e.serve)
		if e.head {
			to.Head(e.path, e.serve)
		}
	}
}
