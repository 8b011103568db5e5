// Package client asks a Setpoint server: may this release go, what is the
// setting of an actuator, what was decided and why. It gives orders too:
// stop, resume, freeze, thaw, pin, approve. It uses the standard library
// only, so that pipelines and tuned services can import it at no cost.
//
//	Client.Gate ─► GET /v1/gate/{service} ─► Answer (allow, deny, hold)
//	Client.Watch ─► GET /v1/settings/{actuator}?wait=30s ─► func(Setting), again and again
//
// The wire types here (Answer, Setting, Order, Decision, Status, Problem)
// are those that the server writes: there is one definition of each.
//
// Where to read: gate.go for releases, setting.go and watch.go for services
// that follow an actuator, order.go for commands, decision.go for history,
// call.go for what counts as an answer.
//
// When the server is away, Gate returns an error that wraps ErrNoAnswer and
// the caller chooses what that means; nothing here turns silence into a yes.
// A redirect, an HTML page, an empty body and a body that contradicts itself
// are no answers either. Watch keeps the last value, marks it Stale, and
// goes on asking with growing, jittered pauses.
package client
