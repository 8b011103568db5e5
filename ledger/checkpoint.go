package ledger

import (
	"bufio"
	"bytes"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
)

// A Checkpoint is where the chains ended at an instant, signed (Ed25519, RFC
// 8032). Kept where who can write to the database cannot, it proves later
// that nothing before it was changed or cut off, not even by somebody who
// made all hashes anew.
type Checkpoint struct {
	At        time.Time `json:"at"`
	Heads     []Head    `json:"heads"`
	Signature []byte    `json:"signature"` // over the other two, see statement
}

// maxCheckpoint bounds a line of a file of checkpoints.
const maxCheckpoint = 64 << 10

// ErrForged says that a checkpoint was not signed with the key.
var ErrForged = errors.New("it was not signed with this key")

// Sign makes a checkpoint of heads.
func Sign(heads []Head, at time.Time, key ed25519.PrivateKey) (Checkpoint, error) {
	c := Checkpoint{At: moment(at), Heads: heads}
	text, err := c.statement()
	if err != nil {
		return Checkpoint{}, fmt.Errorf("sign checkpoint: %w", err)
	}
	c.Signature = ed25519.Sign(key, text)
	return c, nil
}

// statement is what is signed: a name, so that the key cannot be made to sign
// it for another purpose, and the JSON of what is said.
func (c Checkpoint) statement() ([]byte, error) {
	c.Signature = nil
	text, err := json.Marshal(c)
	return append([]byte("setpoint checkpoint\n"), text...), err
}

// Genuine returns ErrForged unless the checkpoint was signed with the private
// part of a key.
func (c Checkpoint) Genuine(key ed25519.PublicKey) error {
	text, err := c.statement()
	if err != nil {
		return err
	}
	if len(key) != ed25519.PublicKeySize || !ed25519.Verify(key, text, c.Signature) {
		return ErrForged
	}
	return nil
}

// ReadCheckpoints reads checkpoints, a JSON object a line. An error names the
// line: one that cannot be read or was not signed with the key is nothing to
// rely on, and nothing to pass over.
func ReadCheckpoints(in io.Reader, key ed25519.PublicKey) (all []Checkpoint, err error) {
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, maxCheckpoint)
	for line := 1; lines.Scan(); line++ {
		if len(bytes.TrimSpace(lines.Bytes())) == 0 {
			continue
		}
		var c Checkpoint
		err := json.Unmarshal(lines.Bytes(), &c)
		if err == nil {
			err = c.Genuine(key)
		}
		if err != nil {
			return nil, fmt.Errorf("read checkpoint in line %d: %w", line, err)
		}
		all = append(all, c)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("read checkpoints: %w", err)
	}
	return all, nil
}

// Remembered are the ends of chains that checkpoints remember.
func Remembered(all []Checkpoint) (heads []Head) {
	for _, c := range all {
		heads = append(heads, c.Heads...)
	}
	return heads
}
