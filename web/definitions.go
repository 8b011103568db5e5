package web

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"setpoint.dev/setpoint/client"
)

// Definitions are how the newest try to read the definitions went. When it
// did not go well those of Since stay in force.
type Definitions struct {
	Tried      time.Time // when they were read last
	Since      time.Time // when those in force were read
	OK         bool      // those read last are in force
	Files      int       // in force
	Objectives int       // in force
	Problems   []string  // why those read last are not in force
}

// definitions are as the server knows them; without a source of them all is
// well.
func (s *Server) readDefinitions() Definitions {
	if s.cfg.Definitions == nil {
		return Definitions{OK: true}
	}
	return s.cfg.Definitions()
}

// shownProblems is how many problems a banner lists.
const shownProblems = 5

// definitionsBanner says that what people wrote is not what is in force.
func definitionsBanner(d Definitions, now time.Time) (banner, bool) {
	if d.OK {
		return banner{}, false
	}
	some := d.Problems
	more := ""
	if n := len(some) - shownProblems; n > 0 {
		some, more = some[:shownProblems], fmt.Sprintf(" … and %d more.", n)
	}
	return banner{
		Style: "bad", Title: "The definitions read last are refused",
		Words: fmt.Sprintf("Those of %s stay in force. %s%s", clock(d.Since, now), redact(strings.Join(some, " · ")), more),
		Link:  "/v1/definitions", Label: plural(len(d.Problems), "problem", "problems"),
	}, true
}

func wireDefinitions(d Definitions) client.Definitions {
	out := client.Definitions{OK: d.OK, Tried: d.Tried, Since: d.Since, Files: d.Files, Objectives: d.Objectives, Problems: []string{}}
	for _, p := range d.Problems {
		out.Problems = append(out.Problems, redact(p))
	}
	return out
}

func (s *Server) definitions(w http.ResponseWriter, r *http.Request) {
	serveJSON(s, w, r, nothing, func(*http.Request, struct{}) (client.Definitions, error) {
		return wireDefinitions(s.readDefinitions()), nil
	})
}

// definitions are named as Prometheus names its own.
func (g gauges) definitions(d Definitions) {
	if d.Tried.IsZero() {
		return
	}
	g.put(bit(d.OK), "setpoint_config_last_reload_successful")
	g.put(float64(d.Since.UnixMilli())/1000, "setpoint_config_last_reload_success_timestamp_seconds")
}
