package main

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
)

// Keys are Ed25519, in PEM: PKCS #8 (RFC 5958) and SubjectPublicKeyInfo (RFC
// 8410), as openssl genpkey -algorithm ed25519 makes them.
const (
	privateBlock = "PRIVATE KEY"
	publicBlock  = "PUBLIC KEY"
)

// newKey makes a pair.
func newKey() (private, public []byte, err error) {
	pub, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, nil, fmt.Errorf("make key: %w", err)
	}
	a, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, nil, fmt.Errorf("make key: %w", err)
	}
	b, err := x509.MarshalPKIXPublicKey(pub)
	if err != nil {
		return nil, nil, fmt.Errorf("make key: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: privateBlock, Bytes: a}), pem.EncodeToMemory(&pem.Block{Type: publicBlock, Bytes: b}), nil
}

func readPrivateKey(path string) (ed25519.PrivateKey, error) {
	return readKey[ed25519.PrivateKey](path, privateBlock, x509.ParsePKCS8PrivateKey)
}

func readPublicKey(path string) (ed25519.PublicKey, error) {
	return readKey[ed25519.PublicKey](path, publicBlock, x509.ParsePKIXPublicKey)
}

// readKey reads a key of one kind from a file. Nothing of what the file holds
// is in an error.
func readKey[K any](path, block string, parse func([]byte) (any, error)) (K, error) {
	var none K
	text, err := os.ReadFile(path)
	if err != nil {
		return none, fmt.Errorf("read key: %w", err)
	}
	b, _ := pem.Decode(text)
	if b == nil || b.Type != block {
		return none, fmt.Errorf("read key: %s does not begin with -----BEGIN %s-----", path, block)
	}
	key, err := parse(b.Bytes)
	if err != nil {
		return none, fmt.Errorf("read key: %s: %w", path, err)
	}
	k, ok := key.(K)
	if !ok {
		return none, fmt.Errorf("read key: %s: a key of type %T, not Ed25519", path, key)
	}
	return k, nil
}
