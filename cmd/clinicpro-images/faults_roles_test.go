//go:build linux

package main_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/app/config"
	"github.com/clinicpro-nz/images/sync/diskspool"
	"github.com/clinicpro-nz/images/sync/keyringvault"
	"github.com/clinicpro-nz/images/sync/localcloud/hub"
)

// roleVar makes the test's own program play a child of the fault tests.
const roleVar = "CLINICPRO_TEST_ROLE"

func TestMain(m *testing.M) {
	zerolog.SetGlobalLevel(zerolog.Disabled) // toxiproxy logs past the logger it is given
	var err error
	switch os.Getenv(roleVar) {
	case "":
		os.Exit(m.Run())
	case "hub":
		err = serveHub(os.Args[1], os.Args[2], os.Args[3])
	case "keyring":
		err = storeSecrets()
	case "spool":
		err = readSpool(os.Args[1])
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// serveHub is the realtime hub as a process, with a key that publishes and
// one that listens.
func serveHub(addr, publish, listen string) error {
	var keys []hub.Key
	for key, may := range map[string]string{publish: `{"cp:*":["publish"]}`, listen: `{"cp:*":["subscribe"]}`} {
		k, err := hub.ParseKey(app.Seal(key), may)
		if err != nil {
			return err
		}
		keys = append(keys, k)
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	return http.Serve(l, hub.New(hub.Config{Keys: keys}))
}

// storeSecrets puts the names and secrets on standard input into the keyring
// of the bus it runs on.
func storeSecrets() error {
	var secrets map[string]string
	if err := json.NewDecoder(os.Stdin).Decode(&secrets); err != nil {
		return err
	}
	vault := keyringvault.New("", 0)
	for name, secret := range secrets {
		if err := vault.Set(context.Background(), name, app.Seal(secret)); err != nil {
			return err
		}
	}
	return nil
}

// spoolContent is what a spool's index says of its images.
type spoolContent struct {
	Records int
	Images  map[app.ImageID]app.ImageState
}

// readSpool opens a spool with the identity in the keyring, reads every
// record and every image that is said to be there, and prints what it found.
func readSpool(dir string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	identity, err := keyringvault.Identity(ctx, keyringvault.New("", 0), config.SecretIdentity)
	if err != nil {
		return err
	}
	spool, err := diskspool.Open(dir, diskspool.Keys{Identity: identity}, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	records, err := spool.Load(ctx, nil)
	if err != nil {
		return err
	}
	out := spoolContent{len(records), map[app.ImageID]app.ImageState{}}
	for _, rec := range records {
		if rec.Kind != app.RecordImage {
			continue
		}
		var im struct{ State app.ImageState }
		if err := json.Unmarshal(rec.Body, &im); err != nil {
			return err
		}
		id := app.ImageID(rec.Key)
		out.Images[id] = im.State
		if _, err := spool.Sealed(ctx, rec.SID, id); err != nil && im.State != app.ImageRetracted && im.State != app.ImageDiscarded {
			return fmt.Errorf("image %s is %s and cannot be read: %w", id, im.State, err)
		}
	}
	if err := json.NewEncoder(os.Stdout).Encode(out); err != nil {
		return err
	}
	return spool.Close()
}
