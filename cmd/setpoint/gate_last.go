package main

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"setpoint.dev/setpoint/client"
	"setpoint.dev/setpoint/ledger/cluster"
)

// last is how a gate's last answer stands in for a server that is away.
type last struct {
	lasts time.Duration // how old it may be; 0 = it is not kept
	pins  []string      // public keys of servers
	dir   string        // where answers are kept; "" = the user's cache

	keys []ed25519.PublicKey
}

// check reads the pinned keys.
func (l *last) check() error {
	if len(l.pins) == 0 {
		l.pins = strings.Fields(os.Getenv("SETPOINT_GATE_KEYS"))
	}
	if l.lasts < 0 || l.lasts > 0 && len(l.pins) == 0 {
		return exit{usage, "--last-for is a length of time, and needs --pin: the key that 'setpoint serve' says it signs with"}
	}
	for _, text := range l.pins {
		key, err := client.ParseKey(text)
		if err != nil {
			return exit{usage, fmt.Sprintf("--pin: %v", err)}
		}
		l.keys = append(l.keys, key)
	}
	return nil
}

// file is where the answer to a question is kept: one for each server,
// service, environment, region and class of change.
func (l last) file(server string, q client.Question) (string, error) {
	dir := l.dir
	if dir == "" {
		cache, err := os.UserCacheDir()
		if err != nil {
			return "", err
		}
		dir = filepath.Join(cache, "setpoint")
	}
	sum := sha256.Sum256([]byte(strings.Join([]string{server, q.Service, q.Environment, q.Change, q.Region}, "\n")))
	return filepath.Join(dir, "gate-"+hex.EncodeToString(sum[:12])+".json"), nil
}

// keep keeps an answer that a pinned key signed. What nobody signed could not
// be honoured later.
func (l last) keep(server string, q client.Question, s client.SignedAnswer) error {
	if l.lasts == 0 {
		return nil
	}
	if !s.Signed(l.keys...) {
		return errors.New("the answer is signed by none of the pinned keys, so it cannot stand in for a later one")
	}
	path, err := l.file(server, q)
	if err != nil {
		return err
	}
	text, err := json.Marshal(s)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	fresh := path + fmt.Sprintf(".%d", os.Getpid())
	if err := os.WriteFile(fresh, text, 0o600); err != nil {
		return err
	}
	return os.Rename(fresh, path)
}

// recall is the last answer to a question, when it may stand in.
func (l last) recall(server string, q client.Question, now time.Time) (client.Answer, error) {
	path, err := l.file(server, q)
	if err != nil {
		return client.Answer{}, err
	}
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return client.Answer{}, errors.New("no answer was kept")
	}
	var s client.SignedAnswer
	if err == nil {
		err = json.Unmarshal(text, &s)
	}
	if err != nil {
		return client.Answer{}, fmt.Errorf("read the answer that was kept: %w", err)
	}
	return s.Recall(q, now, l.lasts, l.keys...)
}

// signingKey is the key by which a server signs answers of the gate. It is
// made at the first start and kept in the state folder.
func (s *storage) signingKey() (ed25519.PrivateKey, error) {
	dir := s.state
	if dir == "" {
		var err error
		if dir, err = cluster.DefaultDir(); err != nil {
			return nil, err
		}
	}
	path := filepath.Join(dir, "gate.key")
	if key, err := readPrivateKey(path); !errors.Is(err, fs.ErrNotExist) {
		return key, err
	}
	text, _, err := newKey()
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("keep the key of the gate: %w", err)
	}
	if err := writeOnce(path, text); err != nil && !errors.Is(err, fs.ErrExist) { // another process may have been faster
		return nil, fmt.Errorf("keep the key of the gate: %w", err)
	}
	return readPrivateKey(path)
}

// writeOnce puts a text where no file is yet, whole or not at all.
func writeOnce(path string, text []byte) error {
	fresh := fmt.Sprintf("%s.%d", path, os.Getpid())
	if err := os.WriteFile(fresh, text, 0o600); err != nil {
		return err
	}
	return errors.Join(os.Link(fresh, path), os.Remove(fresh))
}
