package notify

import "net/http"

// Over has n send over another transport.
func (n *Notifier) Over(t http.RoundTripper) { n.client.Transport = t }
