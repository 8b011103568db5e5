// Package web is what people and pipelines see: the gate, the JSON API, the
// page, and /metrics. It decides nothing. Every answer is made from the
// newest report of the loop, which is in memory, and from the ledger where
// history is asked for.
//
//	GET  /                        the page: alerts, budgets, actuators, gates, newest decisions
//	GET  /objectives/{name}       one budget, and its past ?range=7d or ?from= &to=
//	GET  /services/{service}      one service
//	GET  /actuators/{actuator}    what its loop looks at and what it does, over one time ?range=1d
//	GET  /capacity                where levels and budgets go at the trend of the last ?range=28d
//	GET  /health                  how Setpoint itself does: definitions, backends, ledger, leader
//	GET  /reports                 how budgets were kept in a ?period=week, month or quarter, ?team= &back= &of= &file=1; what sends them is sending.go
//	GET  /badges/{kind}/{name}    a picture for other sites; /cards/{kind}/{name} a page to frame
//	GET  /decisions               the record; /decisions/{id} one decision with its evidence
//	GET  /control                 actuators, orders in force, emergency stop
//	GET  /gate                    every service's gate, and a form to try it
//	GET  /tokens                  of callers: list, make, revoke; for the scope admin
//	GET  /events                  news for pages that are open, as server-sent events; see events.go
//	POST /actions/{kind}          an order by form; answers with a page
//	GET  /v1/gate/{service}       may this release go? ?environment= &change= &release= &strict=1
//	GET  /v1/gate                 the same, with the service as a field; both also POST, as JSON or a form
//	POST /v1/gate/flagger/{hook}  the gate for Flagger; rollback has its own polarity
//	GET  /v1/gate/argo/{service}  the gate for Argo Rollouts; also POST, PUT
//	POST /v1/gate/tekton          the gate for Tekton Triggers
//	POST /v1/gate/kubernetes      the gate for admission webhooks
//	POST /api/v2/deployments/gates/evaluation
//	                              the gate for datadog-ci; GET …/{id} polls
//	GET  /v1/status               everything at once
//	GET  /v1/objectives           … /{name}
//	GET  /v1/settings             … /{actuator}, ?wait=30s with If-None-Match waits for a change
//	GET  /v1/decisions            … /{id}, /{id}/check makes it again; /export as a file
//	GET  /v1/orders               orders in force; POST gives one
//	GET  /v1/deploys              releases that tools told of, and what they burned; POST tells of one
//	GET  /v1/risk/{service}       what a release usually burns, against what is left
//	GET  /healthz /readyz /metrics
//	GET  /openapi.json            all of this for programs (endpoints.go, openapi.go)
//
// The flow of an answer:
//
//	request ─► parse (ask.go, draft.go) ─► look (report + definitions + now) ─► wire.go or view*.go ─► JSON or page
//
// Where to read: gate.go for the gate's promises, native.go for how delivery
// tools are spoken to, with one file a tool beside it, setting.go for waiting,
// draft.go for what makes an order acceptable, respond.go and errors.go for
// how everything that goes wrong is told, view_*.go for the words and
// figures of the page, chart.go for its drawings.
//
// Promises of the gate, each learned from a delivery tool that got it wrong:
// no redirect, no 204, no empty or HTML body, trailing slash or not; a
// denial is status 200 with a body, or 403 for those who ask with strict=1
// and for Flagger, and never 429 or 5xx; it waits for nothing but its answer to be on
// record, in the ledger or on the disk (record.go).
//
// Who asks: with Config.Caller each request shows a key (auth.go) and each
// route needs a scope (routes.go); an order also has to be about what belongs
// to the caller's teams, and carries their name. login.go lets people in by a token or
// at an identity provider (oidc.go), and keeps them known by a cookie. limits.go bounds how often one
// caller may ask.
//
// freezes.go has deploy freezes of GitLab follow the release freezes: the only thing here that sets
// anything elsewhere, once the answer behind it is on record.
//
// When the ledger is down, the gate, the status, the metrics and the
// overview answer as always, from memory, and say so; lists of decisions
// show the newest ones that are in memory. When the loop does not tick, all
// of it is marked stale. When the page is down, the loop goes on.
package web
