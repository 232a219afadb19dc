// Package pairing is the link in the QR code (docs/contracts.md, "Link in
// the QR code"): the secrets of a session, the patient hint, and the code
// itself. Everything after the # stays on the phone.
package pairing

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"filippo.io/age"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/sync/envelope"
)

// MaxHint bounds the hint's text, in bytes.
const MaxHint = 160

// Secrets are what a new session draws.
type Secrets struct {
	SID      app.SessionID
	Token    app.Token
	Identity *age.X25519Identity // what the phone seals to; never leaves the workstation
	Secret   envelope.Secret
}

// NewSecrets draws everything from the system's random source.
func NewSecrets() (Secrets, error) {
	id, err := age.GenerateX25519Identity()
	if err != nil {
		return Secrets{}, app.E("draw session secrets", app.KindBug, err)
	}
	return Secrets{SID: app.NewSessionID(), Token: app.NewToken(), Identity: id, Secret: envelope.NewSecret()}, nil
}

// KeptKeys are what a phone that can be kept draws, once.
type KeptKeys struct {
	Identity *age.X25519Identity // what further links are sealed to; never leaves the phone
	Key      app.Sealed          // 32 random bytes, base64url without padding
}

// NewKeptKeys draws both from the system's random source.
func NewKeptKeys() (KeptKeys, error) {
	id, err := age.GenerateX25519Identity()
	if err != nil {
		return KeptKeys{}, app.E("draw a kept phone's keys", app.KindBug, err)
	}
	var key [32]byte
	_, _ = rand.Read(key[:]) // never fails: crypto/rand aborts the program instead
	return KeptKeys{Identity: id, Key: app.Seal(base64.RawURLEncoding.EncodeToString(key[:]))}, nil
}

// Offer is what such a phone says of itself when it claims the session of l.
func (k KeptKeys) Offer(l Link) app.KeepOffer {
	sum := sha256.Sum256([]byte(k.Key.Reveal()))
	return envelope.NewOffer(l.Secret, l.Token, k.Identity.Recipient().String(), app.Digest(hex.EncodeToString(sum[:])))
}

// Hint is what the phone shows before the shutter; each part may be empty.
type Hint struct {
	Name    app.Sealed // initials, or the full name if the practice chose so
	Age     app.Sealed // whole years
	NHITail app.Sealed // last three characters
}

// NewHint is the hint about p at the day now: initials, or with fullName the
// name.
func NewHint(p app.Patient, now time.Time, fullName bool) Hint {
	h := Hint{Name: app.Seal(p.Initials()), NHITail: app.Seal(p.NHI.Tail())}
	if fullName {
		h.Name = p.Name
	}
	if years, ok := p.Age(now); ok {
		h.Age = app.Seal(strconv.Itoa(years))
	}
	return h
}

// text is the hint as it stands in the link: a separator inside a part
// becomes a space, and the name gives way when the whole is too long.
func (h Hint) text() string {
	part := func(s app.Sealed) string {
		return strings.ReplaceAll(strings.ToValidUTF8(s.Reveal(), ""), "|", " ")
	}
	years, tail := clip(part(h.Age), 3), clip(part(h.NHITail), 3)
	name := clip(part(h.Name), MaxHint-len(years)-len(tail)-2)
	return name + "|" + years + "|" + tail
}

// clip cuts s to at most n bytes, never inside a character.
func clip(s string, n int) string {
	for len(s) > n {
		_, size := utf8.DecodeLastRuneInString(s)
		s = s[:len(s)-size]
	}
	return s
}

// Link is the content of a pairing QR code.
type Link struct {
	Base      string // origin, without a trailing slash
	Practice  app.Practice
	Token     app.Token
	Recipient *age.X25519Recipient
	Secret    envelope.Secret
	Hint      Hint
}

// Build writes the link. It is sealed: whoever has it can send a picture.
func (l Link) Build() app.Sealed {
	return app.Seal(l.Base + "/p/" + string(l.Practice) + "/" + l.Token.Reveal() +
		"#" + l.Recipient.String() + "." + l.Secret.Reveal() + "." +
		base64.RawURLEncoding.EncodeToString([]byte(l.Hint.text())))
}

// Parse reads a link. Errors are KindCorrupt and never repeat any of it.
func Parse(link app.Sealed) (Link, error) {
	l, ok := parse(link.Reveal())
	if !ok {
		return Link{}, app.E("read pairing link", app.KindCorrupt, errors.New("not a pairing link"))
	}
	return l, nil
}

func parse(s string) (Link, bool) {
	address, fragment, ok := strings.Cut(s, "#")
	if !ok || len(s) > 2<<10 {
		return Link{}, false
	}
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil ||
		u.RawQuery != "" || u.ForceQuery {
		return Link{}, false
	}
	path := strings.Split(u.Path, "/")
	parts := strings.Split(fragment, ".")
	if len(path) != 4 || path[0] != "" || path[1] != "p" || u.RawPath != "" || len(parts) != 3 {
		return Link{}, false
	}
	l := Link{Base: u.Scheme + "://" + u.Host}
	var errs [4]error
	l.Practice, errs[0] = app.ParsePractice(path[2])
	l.Token, errs[1] = app.ParseToken(path[3])
	l.Recipient, errs[2] = age.ParseX25519Recipient(parts[0])
	l.Secret, errs[3] = envelope.ParseSecret(parts[1])
	if errors.Join(errs[:]...) != nil || l.Recipient.String() != parts[0] {
		return Link{}, false
	}
	hint, err := base64.RawURLEncoding.Strict().DecodeString(parts[2])
	fields := strings.Split(string(hint), "|")
	if err != nil || len(hint) > MaxHint || !utf8.Valid(hint) || len(fields) != 3 {
		return Link{}, false
	}
	l.Hint = Hint{Name: app.Seal(fields[0]), Age: app.Seal(fields[1]), NHITail: app.Seal(fields[2])}
	return l, true
}
