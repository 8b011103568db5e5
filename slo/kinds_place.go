package slo

// placeFields are the keys of actuators that carry a number somewhere.
func placeFields() []field {
	return []field{
		{key: "unit", is: shapeWord, instead: "none", doc: "Unit of the numbers of a `webhook`, `file` or `kubernetes`, for people."},
		{key: "webhook", is: shapeMapping, doc: "Required for this type, refused for others.", of: &object{name: "webhook", doc: "Tells a receiver of your own the setting, by POST, and reads it back, by GET: see [actuators](actuators.md#webhook). Rest and tight are numbers.", fields: []field{
			{key: "url", is: shapeSecret, required: true, doc: "Where settings are posted, http or https. `${NAME}` is replaced by the environment variable; it is never shown."},
			{key: "readURL", is: shapeSecret, required: true, doc: "Where the setting in force is read back."},
			{key: "secret", is: shapeSecret, required: true, doc: "What requests are signed with: 16 characters or more, by `${NAME}`; it is never shown."},
		}}},
		{key: "file", is: shapeMapping, doc: "Required for this type, refused for others.", of: &object{name: "file", doc: "Keeps the setting in a file of the server's machine, as JSON: see [actuators](actuators.md#file). Rest and tight are numbers.", fields: []field{
			{key: "path", is: shapeWord, required: true, doc: "Absolute path. The file is replaced as a whole; its folder must be there."},
		}}},
		{key: "kubernetes", is: shapeMapping, doc: "Required for this type, refused for others.", of: &object{name: "kubernetes", doc: "Changes a field of an object of Kubernetes: see [actuators](actuators.md#kubernetes). Rest and tight are numbers.", fields: []field{
			{key: "server", is: shapeSecret, instead: "`https://kubernetes.default.svc`, with the token and the certificate of the pod", doc: "Address of the API server."},
			{key: "object", is: shapeWord, required: true, doc: "Its path, such as `/api/v1/namespaces/shop/configmaps/limits`."},
			{key: "field", is: shapeWord, required: true, doc: "Keys with dots between them, such as `data.rate` or `spec.maxReplicas`. Under `data` it is written as text."},
			{key: "tokenFile", is: shapeWord, instead: "none; that of the pod without `server`", doc: "File with the bearer token, read anew for each request."},
			{key: "caFile", is: shapeWord, instead: "the system's; that of the pod without `server`", doc: "File with the certificates that the API server is checked by."},
		}}},
	}
}
