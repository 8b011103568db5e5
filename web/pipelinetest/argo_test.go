package pipelinetest

import (
	"net/http/httptest"
	"testing"

	"github.com/argoproj/argo-rollouts/metricproviders/webmetric"
	"github.com/argoproj/argo-rollouts/pkg/apis/rollouts/v1alpha1"
	log "github.com/sirupsen/logrus"
)

// TestArgoRollouts has the web metric of Argo Rollouts ask with the
// conditions of docs/pipelines.
func TestArgoRollouts(t *testing.T) {
	for service, cases := range map[string]map[float64]v1alpha1.AnalysisPhase{
		"checkout": {1: v1alpha1.AnalysisPhaseSuccessful, -1: v1alpha1.AnalysisPhaseFailed},
		"nobody":   {1: v1alpha1.AnalysisPhaseInconclusive},
	} {
		for remaining, want := range cases {
			server := httptest.NewServer(gate(remaining))
			got := measure(t, server.URL+"/v1/gate/argo/"+service+"?environment=production")
			server.Close()
			if got.Phase != want {
				t.Errorf("%s with %g left: %s (%s, %s), want %s", service, remaining, got.Phase, got.Value, got.Message, want)
			}
		}
	}
}

func measure(t *testing.T, url string) v1alpha1.Measurement {
	t.Helper()
	metric := v1alpha1.Metric{
		Name: "gate", SuccessCondition: `result == "allow"`, FailureCondition: `result == "deny"`,
		Provider: v1alpha1.MetricProvider{Web: &v1alpha1.WebMetric{URL: url, JSONPath: "{$.verdict}", TimeoutSeconds: 5}},
	}
	client, err := webmetric.NewWebMetricHttpClient(metric)
	if err != nil {
		t.Fatal(err)
	}
	parser, err := webmetric.NewWebMetricJsonParser(metric)
	if err != nil {
		t.Fatal(err)
	}
	return webmetric.NewWebMetricProvider(*log.NewEntry(log.New()), client, parser).Run(&v1alpha1.AnalysisRun{}, metric)
}
