package slo

// A Place is where a setting is carried to that knows nothing of Setpoint. It
// is of the kinds AtWebhook, AtFile and AtKubernetes, each with its own fields.
type Place struct {
	URL     Secret `json:"-"` // of a webhook, or of the API server of Kubernetes
	ReadURL Secret `json:"-"` // of a webhook: where the setting is read back
	Secret  Secret `json:"-"` // of a webhook: what is signed with

	Path      string `json:"path,omitempty"`      // of a file, or of an object below the API server
	Field     string `json:"field,omitempty"`     // of an object: keys with dots between them
	TokenFile string `json:"tokenFile,omitempty"` // of Kubernetes
	CAFile    string `json:"caFile,omitempty"`    // of Kubernetes
}

// generic reports whether a kind carries numbers to a Place.
func (k ActuatorKind) generic() bool { return k == AtWebhook || k == AtFile || k == AtKubernetes }
