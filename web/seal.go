package web

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"

	"setpoint.dev/setpoint/slo"
)

// Some tools send the token that their answer is to show along with the
// question. It has to outlast a restart and reach the instance that leads, so
// it is kept with the callback, sealed: who reads the ledger, or a copy of it,
// without the secret that is agreed on with the tool cannot use it.

// errSealed is the refusal of what was sealed otherwise.
var errSealed = errors.New("it was sealed with a secret that is not used any more, or altered")

// seal hides a token: AES-256-GCM with a key that is made of the first secret,
// bound to what it is for.
func seal(secrets []slo.Secret, purpose string, token slo.Secret) (string, error) {
	if len(secrets) == 0 {
		return "", errors.New("seal a token: there is no secret")
	}
	lock, err := sealer(secrets[0])
	if err != nil {
		return "", err
	}
	nonce := make([]byte, lock.NonceSize())
	_, _ = rand.Read(nonce) // never fails
	return base64.RawStdEncoding.EncodeToString(lock.Seal(nonce, nonce, []byte(token.Reveal()), []byte(purpose))), nil
}

// unseal is the token that was sealed with one of the secrets.
func unseal(secrets []slo.Secret, purpose, sealed string) (slo.Secret, error) {
	text, err := base64.RawStdEncoding.DecodeString(sealed)
	if err != nil {
		return "", errSealed
	}
	for _, secret := range secrets {
		lock, err := sealer(secret)
		if err != nil {
			return "", err
		}
		if len(text) < lock.NonceSize() {
			break
		}
		if token, err := lock.Open(nil, text[:lock.NonceSize()], text[lock.NonceSize():], []byte(purpose)); err == nil {
			return slo.Secret(token), nil
		}
	}
	return "", errSealed
}

func sealer(secret slo.Secret) (cipher.AEAD, error) {
	key := sha256.Sum256([]byte("setpoint: tokens of callbacks\n" + secret.Reveal()))
	block, err := aes.NewCipher(key[:])
	if err != nil {
		return nil, fmt.Errorf("make the key of tokens: %w", err)
	}
	return cipher.NewGCM(block)
}
