package notify

import (
	"context"
	"fmt"
	"time"

	"setpoint.dev/setpoint/slo"
)

// Post sends a webhook one message, signed, once. With an error it says how
// long to wait before it is sent again; 0 = it would be refused again. What it
// says of the error names no address.
func (n *Notifier) Post(ctx context.Context, to slo.NotificationTarget, id string, body []byte) (again time.Duration, err error) {
	if to.Target != slo.Webhook || to.URL == "" {
		return 0, fmt.Errorf("send %s: %s is no webhook", id, to.Name)
	}
	r, err := message{id, body}.to(ctx, to.URL, to.Key, time.Now())
	if err != nil {
		return 0, err
	}
	err = post(n.client, to.Name, r)
	switch {
	case err == nil:
		return 0, nil
	case final(err):
		return 0, err
	}
	return wait(1, err), err
}
