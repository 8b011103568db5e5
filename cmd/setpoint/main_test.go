package main

import (
	"flag"
	"fmt"
	"os"
	"strconv"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"go.uber.org/goleak"

	"setpoint.dev/setpoint/ledger/cluster/clustertest"
)

// The tests run the program itself: testscript puts this test binary on PATH
// as "setpoint", where it is main with the race detector on.
func TestMain(m *testing.M) {
	testscript.Main(suite{clustertest.M{M: m}}, map[string]func(){"setpoint": main})
}

// suite runs all tests, ends what they shared, and looks for goroutines that
// are left.
type suite struct{ clustertest.M }

// atOnce is how many tests run side by side: they wait for slices of time to
// end far more than they compute.
const atOnce = 8

// swiftly has programs under the race detector end without its pause of 1 s.
const swiftly = "atexit_sleep_ms=0"

func (s suite) Run() int {
	for _, name := range []string{"DATABASE_URL", "SETPOINT_STATE", "SETPOINT_URL", "SETPOINT_TOKEN"} {
		os.Unsetenv(name)
	}
	os.Setenv("GORACE", swiftly) // for the programs that are started
	flag.Parse()
	if f := flag.Lookup("test.parallel"); f.Value.String() == f.DefValue {
		if err := f.Value.Set(strconv.Itoa(atOnce)); err != nil {
			return complain(err)
		}
	}
	code := s.M.Run()
	if err := shared.stop(); err != nil {
		return complain(err)
	}
	if err := goleak.Find(); err != nil && code == 0 {
		return complain(err)
	}
	return code
}

func complain(err error) int {
	fmt.Fprintln(os.Stderr, err)
	return 1
}
