package cost_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
)

// free is a backend that has samples for whatever service it is asked about.
type free struct{}

func (free) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	query := r.FormValue("query")
	seconds, _ := strconv.ParseFloat(r.FormValue("time"), 64)
	span, _ := strconv.ParseInt(query[strings.LastIndexByte(query, '[')+1:len(query)-len("ms]")], 10, 64)
	w.Header().Set("Content-Type", "application/json")
	var values bytes.Buffer
	for at := (int64(seconds) - span/1000) / 30 * 30; at <= int64(seconds); at += 30 {
		if at > int64(seconds)-span/1000 {
			fmt.Fprintf(&values, `,[%d,"%d"]`, at, at/30)
		}
	}
	text := values.Bytes()[1:]
	var out bytes.Buffer
	out.WriteString(`{"status":"success","data":{"resultType":"matrix","result":[`)
	first := true
	for name := range strings.SplitSeq(query[strings.Index(query, `"`)+1:strings.LastIndexByte(query, '"')], "|") {
		for _, code := range []string{"200", "500"} {
			if !first {
				out.WriteByte(',')
			}
			first = false
			fmt.Fprintf(&out, `{"metric":{"__name__":"http_requests_total","code":"%s","instance":"10.0.0.1:8080","job":"shop","service":"%s"},"values":[`, code, name)
			out.Write(text)
			out.WriteString("]}")
		}
	}
	out.WriteString("]}}")
	_, _ = w.Write(out.Bytes())
}

// freeBackend starts the free backend in a process of its own, so that what it
// spends is not taken for ours, and returns its URL.
func freeBackend(t testing.TB) string {
	t.Helper()
	command := exec.Command(os.Args[0], "-test.run=^TestBackend$", "-backend")
	end, err := command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = end.Close()
		if err := command.Wait(); err != nil {
			t.Error(err)
		}
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(line)
}

// TestBackend is the process of freeBackend. It ends with its standard input.
func TestBackend(t *testing.T) {
	if !*serving {
		return
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: free{}}
	fmt.Println("http://" + listener.Addr().String())
	go func() { _ = server.Serve(listener) }()
	_, _ = io.Copy(io.Discard, os.Stdin)
	_ = server.Close()
}
