package ledger_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"setpoint.dev/setpoint/ledger"
	"setpoint.dev/setpoint/ledger/ledgertest"
	"setpoint.dev/setpoint/loop"
)

// What is read of a row without encoding/json is what it reads, whatever
// names and words are in it.
func FuzzLean(f *testing.F) {
	for _, words := range []string{"", "plain", `a "quote" \ and \\"`, "<&> ü \u2028 \x00 \xff", `{"id":"x"}`, "]},", `\`} {
		f.Add(words, words, 0.25)
	}
	f.Fuzz(func(t *testing.T, name, words string, setting float64) {
		d := ledgertest.Move("d"+name, noon(), setting)
		d.Words, d.Actuator, d.Input.Unreadable, d.Input.Foreign = words, name, name, words
		d.Checks = []loop.Check{{Why: words}, {Why: name}}
		body, err := ledger.EncodeForTest(d)
		if err != nil {
			return // a setting that is no number
		}
		lean, slow, ok := ledger.LeanForTest(body)
		if !ok || !cmp.Equal(lean, slow) {
			t.Errorf("%s:\nread as %+v, %t\nwant    %+v", body, lean, ok, slow)
		}
		v := ledgertest.Verdict("s"+name, words, noon())
		v.Answer.Words, v.Tool = words, "t"
		batch, err := batchOf("b", v, ledgertest.Verdict("shop", name, noon()))
		if err != nil {
			return
		}
		got, want, ok := ledger.LeanBatchForTest(batch.BodyForTest())
		if !ok || !cmp.Equal(got, want) {
			t.Errorf("%s:\nread as %v, %t\nwant    %v", batch.BodyForTest(), got, ok, want)
		}
	})
}

// What is not as the ledger writes it is left to encoding/json, and ends.
func FuzzLeanAnything(f *testing.F) {
	for _, body := range []string{``, `{`, `{}`, `{"id"`, `{"id":`, `{"id":"`, `{"id":"\`, `{"id" : 1}`, `{"id":1}x`, `[`, `{"verdicts":[`, `{"verdicts":[1,]}`, `{"input":{"at":}}`, strings.Repeat("[", 100)} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		if _, _, ok := ledger.LeanForTest(body); ok && (len(body) < 2 || body[0] != '{' || body[len(body)-1] != '}') {
			t.Errorf("%q was read", body)
		}
		ledger.LeanBatchForTest(body)
	})
}
