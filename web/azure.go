package web

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"setpoint.dev/setpoint/client"
	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/slo"
)

// Azure answers Invoke REST API checks of Azure Pipelines, and tasks of that
// name, whose completion event is the callback. Azure signs nothing: the check
// shows the secret as a bearer token or as the password of its connection.
type Azure struct {
	Secrets       []slo.Secret // several while one is being replaced
	Organizations []string     // addresses such as https://dev.azure.com/acme: no other is answered at
	HTTP          *http.Client
}

// Signed implements Hook.
func (z *Azure) Signed(r *http.Request, _ []byte) bool {
	shown := sha256.Sum256([]byte(credentials(r)))
	good := 0
	for _, secret := range z.Secrets {
		want := sha256.Sum256([]byte(secret.Reveal()))
		good |= subtle.ConstantTimeCompare(shown[:], want[:])
	}
	return good == 1
}

// Read implements Hook. Where to answer is in the headers, as Azure fills them
// in; what is asked is in the query, else in the body.
func (z *Azure) Read(r *http.Request, body []byte) (c loop.Callback, asks bool, err error) {
	if c.To, err = z.to(r.Header); err != nil {
		return c, false, err
	}
	token := r.Header.Get("AuthToken")
	if token == "" || unfilled(token) {
		return c, false, badHeader("AuthToken")
	}
	var more asking
	if err := readText(r.Header, body, &more); err != nil {
		return c, false, err
	}
	query, err := readQuery(r)
	if err != nil {
		return c, false, err
	}
	if c.Question, err = askingBy(query.Get).or(more).question(); err != nil {
		return c, false, err
	}
	c.ID = c.To["url"] + " " + c.To["job"] + " " + c.To["task"] + " " + token // each evaluation has a token of its own
	c.To["token"], err = seal(z.Secrets, c.To["url"], slo.Secret(token))
	return c, err == nil, err
}

// to is where the answer goes. Its organization is one that this server knows,
// so that no message leads it elsewhere.
func (z *Azure) to(h http.Header) (map[string]string, error) {
	says := map[string]string{}
	for _, name := range []string{"ProjectId", "HubName", "PlanId", "JobId", "TaskInstanceId"} {
		if says[name] = h.Get(name); !plain(says[name]) {
			return nil, badHeader(name)
		}
	}
	same := func(known string) bool { return sameAddress(known, h.Get("PlanUrl")) }
	i := slices.IndexFunc(z.Organizations, same)
	if i < 0 {
		return nil, refuse(http.StatusUnprocessableEntity, "unknown-organization", "the header PlanUrl names no organization that is answered", "'setpoint serve --azure-organization' says which are")
	}
	at := strings.TrimSuffix(z.Organizations[i], "/") + "/" + says["ProjectId"] + "/_apis/distributedtask/hubs/" + says["HubName"] + "/plans/" + says["PlanId"]
	return map[string]string{"url": at + "/events?api-version=2.0-preview.1", "job": says["JobId"], "task": says["TaskInstanceId"]}, nil
}

func badHeader(name string) error {
	return refuse(http.StatusUnprocessableEntity, "bad-event", "the header "+name+" does not say what Azure fills in", "docs/pipelines/azure-pipelines.md has the headers of the check")
}

// sameAddress reports whether two addresses are one, but for a slash at the end
// and the case of the host.
func sameAddress(one, other string) bool {
	a, err := url.Parse(strings.TrimSuffix(one, "/"))
	b, err2 := url.Parse(strings.TrimSuffix(other, "/"))
	return errors.Join(err, err2) == nil && a.Host != "" && a.Scheme == b.Scheme && strings.EqualFold(a.Host, b.Host) && strings.EqualFold(a.Path, b.Path) && b.RawQuery == "" && b.User == nil
}

// Tell implements Hook: the check has succeeded or failed. Of a hold there is
// nothing to tell: Azure waits.
func (z *Azure) Tell(ctx context.Context, c loop.Callback, a client.Answer) error {
	result := heldWord(slo.Verdict(a.Verdict), "succeeded", "", "failed")
	if result == "" {
		return nil
	}
	token, err := unseal(z.Secrets, c.To["url"], c.To["token"])
	if err != nil {
		return errors.Join(ErrNotWaiting, err)
	}
	says := map[string]string{"name": "TaskCompleted", "taskId": c.To["task"], "jobId": c.To["job"], "result": result}
	status, err := callJSON(ctx, z.HTTP, http.MethodPost, c.To["url"], http.Header{"Authorization": {"Bearer " + token.Reveal()}}, says, nil)
	return notWaiting(status, err, http.StatusBadRequest)
}
