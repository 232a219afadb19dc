package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"filippo.io/age"
	"github.com/pelletier/go-toml/v2"

	"github.com/clinicpro-nz/images/app"
)

// Enrolment is what makes a workstation a practice's: settings, as the text of
// a TOML file, and the secrets that go into the keyring, by their names there.
// On disk it is one age file under a passphrase, which the ordinary age tool
// opens as well.
type Enrolment struct {
	Settings string
	Secrets  map[string]app.Sealed
}

// enrolmentJSON is the plaintext of an enrolment file.
type enrolmentJSON struct {
	V        int               `json:"v"`
	Settings string            `json:"settings"`
	Secrets  map[string]string `json:"secrets"`
}

const (
	enrolmentVersion = 1
	maxEnrolment     = 64 << 10 // bytes
	// MinPassphrase is how many characters a passphrase has at least. What
	// tries them needs about a second for each (age's scrypt).
	MinPassphrase = 12
)

// SealWork is scrypt's work factor, as a power of two: age's own default, about
// a second on a workstation.
const SealWork = 18

// CloudSecrets are the names under which the keyring keeps what opens a cloud.
func CloudSecrets() []string {
	return []string{SecretRedis, SecretS3Key, SecretS3Secret, SecretAbly}
}

// RecordSecrets are the names under which it keeps what opens a record system,
// where the practice has one.
func RecordSecrets() []string { return []string{SecretRelay, SecretALEX} }

// Config reads the enrolment's settings alone, over the defaults, and checks
// that it is whole: a practice, a gateway and every secret.
func (e Enrolment) Config() (Config, error) {
	const op = "read enrolment"
	c := Default()
	if err := c.lay(layer{name: "the enrolment", text: []byte(e.Settings)}); err != nil {
		return c, app.E(op, app.KindCorrupt, err)
	}
	if err := c.Record.whole(); err != nil {
		return c, app.E(op, app.KindCorrupt, err)
	}
	if !c.Named() {
		return c, app.E(op, app.KindCorrupt, errors.New("the enrolment names no practice or no gateway"))
	}
	for _, name := range CloudSecrets() {
		if e.Secrets[name].IsZero() {
			return c, app.E(op, app.KindCorrupt, fmt.Errorf("the enrolment lacks %s", name))
		}
	}
	if name := c.Record.secret(); name != "" && e.Secrets[name].IsZero() {
		return c, app.E(op, app.KindCorrupt, fmt.Errorf("the enrolment names %s as its record.system, and lacks %s", c.Record.System, name))
	}
	return c, nil
}

// ConfigWith adds further settings to the enrolment's, and is Config of both. A
// relay's key says that the practice files through the relay: nobody has to set
// that besides, and further settings that are about the record system go before.
func (e *Enrolment) ConfigWith(more string) (Config, error) {
	var given map[string]any
	_ = toml.Unmarshal([]byte(more), &given) // what is wrong with it, Config says
	if _, said := given["record"]; !said && !e.Secrets[SecretRelay].IsZero() {
		e.Settings += fmt.Sprintf("record.system = %q\nrecord.sinks = [\"alex-scan\", \"folder\"]\n", SystemRelay)
	}
	e.Settings += more
	c, err := e.Config()
	if err == nil && c.Record.System == "" && !e.Secrets[SecretRelay].IsZero() {
		err = app.E("read enrolment", app.KindCorrupt, fmt.Errorf("a key to the relay is given, and [record] names no system: add system = %q", SystemRelay))
	}
	return c, err
}

// Seal encrypts the enrolment; work is SealWork. KindCorrupt: it is not whole, or the passphrase
// is shorter than MinPassphrase.
func (e Enrolment) Seal(passphrase app.Sealed, work int) ([]byte, error) {
	const op = "seal enrolment"
	if _, err := e.Config(); err != nil {
		return nil, err
	}
	if len([]rune(passphrase.Reveal())) < MinPassphrase {
		return nil, app.E(op, app.KindCorrupt, fmt.Errorf("the passphrase has fewer than %d characters", MinPassphrase))
	}
	plain := enrolmentJSON{enrolmentVersion, e.Settings, map[string]string{}}
	for _, name := range slices.Concat(CloudSecrets(), RecordSecrets()) {
		if secret := e.Secrets[name]; !secret.IsZero() {
			plain.Secrets[name] = secret.Reveal()
		}
	}
	text, err := json.Marshal(plain)
	if err != nil {
		return nil, app.E(op, app.KindBug, err)
	}
	recipient, err := age.NewScryptRecipient(passphrase.Reveal())
	if err != nil {
		return nil, app.E(op, app.KindBug, errors.New("the passphrase cannot be used"))
	}
	recipient.SetWorkFactor(work)
	var out bytes.Buffer
	w, err := age.Encrypt(&out, recipient)
	if err != nil {
		return nil, app.E(op, app.KindBug, err)
	}
	if _, err := w.Write(text); err != nil {
		return nil, app.E(op, app.KindBug, err)
	}
	if err := w.Close(); err != nil {
		return nil, app.E(op, app.KindBug, err)
	}
	return out.Bytes(), nil
}

// OpenEnrolment decrypts an enrolment file. KindAuth: the passphrase is wrong.
// KindCorrupt: it is none, or damaged.
func OpenEnrolment(sealed []byte, passphrase app.Sealed) (Enrolment, error) {
	const op = "open enrolment"
	none := app.E(op, app.KindCorrupt, errors.New("not an enrolment file, or damaged"))
	if len(sealed) > maxEnrolment {
		return Enrolment{}, none
	}
	if passphrase.IsZero() {
		return Enrolment{}, app.E(op, app.KindAuth, errors.New("no passphrase"))
	}
	identity, err := age.NewScryptIdentity(passphrase.Reveal())
	if err != nil {
		return Enrolment{}, app.E(op, app.KindAuth, errors.New("no passphrase"))
	}
	r, err := age.Decrypt(bytes.NewReader(sealed), identity)
	var wrong *age.NoIdentityMatchError
	if errors.As(err, &wrong) {
		return Enrolment{}, app.E(op, app.KindAuth, errors.New("the passphrase is wrong"))
	}
	if err != nil {
		return Enrolment{}, none
	}
	text, err := io.ReadAll(io.LimitReader(r, maxEnrolment))
	var plain enrolmentJSON
	if err != nil || json.Unmarshal(text, &plain) != nil || plain.V != enrolmentVersion {
		return Enrolment{}, none
	}
	e := Enrolment{plain.Settings, map[string]app.Sealed{}}
	for name, secret := range plain.Secrets {
		if slices.Contains(slices.Concat(CloudSecrets(), RecordSecrets()), name) {
			e.Secrets[name] = app.Seal(secret)
		}
	}
	if _, err := e.Config(); err != nil {
		return Enrolment{}, err
	}
	return e, nil
}
