package pipelinetest

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"setpoint.dev/setpoint/web"
)

// TestOpenAPI has a library that programs are made with read the document and
// find nothing wrong with it.
func TestOpenAPI(t *testing.T) {
	w := httptest.NewRecorder()
	web.New(web.Config{Version: "v1"}).Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/openapi.json", nil))
	doc, err := openapi3.NewLoader().LoadFromData(w.Body.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if err := doc.Validate(t.Context()); err != nil {
		t.Error(err)
	}
	if doc.Paths.Len() < 20 || doc.Paths.Value("/v1/gate/{service}").Get.OperationID == "" {
		t.Errorf("%d paths", doc.Paths.Len())
	}
}
