// Package updates asks whether a newer version is out, and believes only what
// the release key has signed. It fetches one small file and sends nothing but
// the request for it: no version, no practice, no identifier. It never
// installs anything.
//
// The file is a signed note (golang.org/x/mod/sumdb/note):
//
//	clinicpro-images
//	1.2.0
//	https://clinicpro.co.nz/images/1.2.0
//
//	— clinicpro-images <signature>
package updates

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/app/versions"
)

// url and key are the linker's (-X), from packaging: where the file is, and
// the release key's public half as note has it. A build without them never
// asks.
var url, key string

const (
	product = "clinicpro-images"
	every   = 24 * time.Hour
	maxNote = 4 << 10
	timeout = 20 * time.Second
)

// Release is a version that is out.
type Release struct {
	Version string `json:"version"` // three numbers with dots
	Page    string `json:"page"`    // https, for people
}

// Checker asks at most once a day, over restarts as well.
type Checker struct {
	URL, Key string // of the version file, and the note verifier key
	Dir      string // the state folder: when was last asked is kept there
	Client   *http.Client
}

// Built is the checker that this program was built with; false when it was
// built to ask nobody.
func Built(dir string, client *http.Client) (Checker, bool) {
	return Checker{URL: url, Key: key, Dir: dir, Client: client}, url != "" && key != ""
}

// last is what the state folder keeps between checks.
type last struct {
	Asked   time.Time `json:"asked"`
	Release Release   `json:"release"`
}

// Newest returns the newest release that the check of the last 24 hours has
// found, and asks again when there was none. A day without an answer counts as
// asked. versions.Newer says how it compares. KindOffline: no answer. KindCorrupt: an
// answer that the release key has not signed, or of another form.
func (c Checker) Newest(ctx context.Context, now time.Time) (Release, error) {
	const op = "look for a newer version"
	path := filepath.Join(c.Dir, "update-check.json")
	var was last
	if raw, err := os.ReadFile(path); err == nil && json.Unmarshal(raw, &was) != nil {
		was = last{} // a damaged file is asked anew
	}
	if age := now.Sub(was.Asked); age >= 0 && age < every {
		return was.Release, nil
	}
	was.Asked = now
	release, err := c.ask(ctx)
	if err == nil {
		was.Release = release
	}
	raw, _ := json.Marshal(was)
	if writeErr := os.WriteFile(path, raw, 0o600); writeErr != nil { // not remembered: not asked for again until the next start
		err = errors.Join(err, app.E(op, app.KindFull, writeErr))
	}
	return was.Release, err
}

func (c Checker) ask(ctx context.Context) (Release, error) {
	const op = "look for a newer version"
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.URL, nil)
	if err != nil {
		return Release{}, app.E(op, app.KindBug, err)
	}
	req.Header.Set("User-Agent", product) // and not Go's version
	resp, err := c.Client.Do(req)
	if err != nil {
		return Release{}, app.E(op, app.KindOffline, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return Release{}, app.E(op, app.KindOffline, fmt.Errorf("status %d", resp.StatusCode))
	}
	signed, err := io.ReadAll(io.LimitReader(resp.Body, maxNote+1))
	if err != nil {
		return Release{}, app.E(op, app.KindOffline, err)
	}
	release, err := Open(signed, c.Key)
	if err != nil {
		return Release{}, app.E(op, app.KindCorrupt, err)
	}
	return release, nil
}

// Open returns the release in a version file that key has signed.
func Open(signed []byte, key string) (Release, error) {
	if len(signed) > maxNote {
		return Release{}, errors.New("the version file is too long")
	}
	verifier, err := note.NewVerifier(key)
	if err != nil {
		return Release{}, err
	}
	n, err := note.Open(signed, note.VerifierList(verifier))
	if err != nil {
		return Release{}, err
	}
	return parse(n.Text)
}

// Text is the unsigned version file of a release.
func (r Release) Text() string { return product + "\n" + r.Version + "\n" + r.Page + "\n" }

func parse(text string) (Release, error) {
	lines := strings.Split(text, "\n")
	if len(lines) != 4 || lines[0] != product || lines[3] != "" {
		return Release{}, errors.New("no version file of ours")
	}
	r := Release{Version: lines[1], Page: lines[2]}
	return r, r.Check()
}

// Check says why r cannot be announced; nil when it can.
func (r Release) Check() error {
	if _, ok := versions.Numbers(r.Version); !ok {
		return errors.New("the version is not three numbers")
	}
	if !strings.HasPrefix(r.Page, "https://") || strings.ContainsAny(r.Page, " \n") {
		return errors.New("the page is not https")
	}
	return nil
}
