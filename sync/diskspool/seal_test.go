package diskspool

import (
	"bytes"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"filippo.io/age"
	"go.etcd.io/bbolt"

	"github.com/clinicpro-nz/images/app"
)

// secondSID sorts after killSID.
const secondSID = app.SessionID("1123456789ABCDEFGHJKMNPQRS")

func save(t testing.TB, s *Spool, sid app.SessionID, kind, key, body string) {
	t.Helper()
	must(t, s.Save(t.Context(), app.Record{SID: sid, Kind: kind, Key: key, Body: []byte(body)}))
}

// bodies loads what keys can read of the spool in dir.
func bodies(t *testing.T, dir string, keys Keys) []string {
	t.Helper()
	s, err := Open(dir, keys, slog.New(slog.DiscardHandler))
	must(t, err)
	defer func() { must(t, s.Close()) }()
	records, err := s.Load(t.Context(), nil)
	must(t, err)
	var out []string
	for _, r := range records {
		out = append(out, string(r.Body))
	}
	return out
}

// Set, changed, and taken away: at each Open everything sealed earlier is
// readable by the recipient of the day, and not by the one before.
func TestRecoveryRecipientChanges(t *testing.T) {
	dir, own := t.TempDir(), newIdentity(t)
	first, second := newIdentity(t), newIdentity(t)
	s := open(t, dir, Keys{Identity: own})
	save(t, s, killSID, "session", "", "sealed before there was a recipient")
	must(t, s.Close())
	if _, err := OpenArchive(dir, first); app.KindOf(err) != app.KindAuth {
		t.Fatalf("a stranger's key: %v", err)
	}
	for _, step := range []struct {
		name           string
		recovery       *age.X25519Recipient
		opens, refuses *age.X25519Identity
	}{
		{"set", first.Recipient(), first, second}, {"again", first.Recipient(), first, second},
		{"changed", second.Recipient(), second, first}, {"taken away", nil, own, second},
	} {
		keys := Keys{Identity: own, Recovery: step.recovery}
		before := dataKeySeals(t, dir)
		if got := bodies(t, dir, keys); len(got) != 1 {
			t.Fatalf("%s: the workstation reads %q", step.name, got)
		}
		a, err := OpenArchive(dir, step.opens)
		if err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		records, unread := a.Records(killSID)
		if len(records) != 1 || len(unread) != 0 {
			t.Errorf("%s: %d records, %d unread", step.name, len(records), len(unread))
		}
		must(t, a.Close())
		if _, err := OpenArchive(dir, step.refuses); app.KindOf(err) != app.KindAuth {
			t.Errorf("%s: the other key: %v", step.name, err)
		}
		// The earlier seal is out of the file, and one that stays is left alone.
		raw, err := os.ReadFile(filepath.Join(dir, indexFile))
		must(t, err)
		if stays := bytes.Contains(raw, before[0]); stays != (step.name == "again") {
			t.Errorf("%s: the earlier seal is in the index: %v", step.name, stays)
		}
	}
}

// dataKeySeals returns the age files of an index that nobody owns.
func dataKeySeals(t *testing.T, dir string) (out [][]byte) {
	t.Helper()
	db, err := bbolt.Open(filepath.Join(dir, indexFile), 0, &bbolt.Options{ReadOnly: true})
	must(t, err)
	defer db.Close()
	must(t, db.View(func(tx *bbolt.Tx) error {
		return tx.Bucket([]byte(keysBucket)).ForEach(func(_, v []byte) error {
			out = append(out, bytes.Clone(v))
			return nil
		})
	}))
	return out
}

// The ordinary age tool opens the data key with the recovery identity.
func TestDataKeyOpensWithAge(t *testing.T) {
	dir, recovery := t.TempDir(), newIdentity(t)
	s := open(t, dir, Keys{Identity: newIdentity(t), Recovery: recovery.Recipient()})
	must(t, s.Close())
	sealed := dataKeySeals(t, dir)[0]
	at := t.TempDir()
	must(t, os.WriteFile(filepath.Join(at, "key"), []byte(recovery.String()+"\n"), 0o600))
	must(t, os.WriteFile(filepath.Join(at, "data.age"), sealed, 0o600))
	cmd := exec.Command("age", "--decrypt", "-i", "key", "data.age")
	cmd.Dir = at
	plain, err := cmd.Output()
	if err != nil || len(plain) != dataKeyBytes {
		t.Fatalf("age gave %d bytes, %v", len(plain), err)
	}
}

// A keyring that was emptied, and one that came back from a backup: whoever
// holds a key reads what was sealed under it, and nothing is lost meanwhile.
func TestKeysOfSeveralIdentities(t *testing.T) {
	dir, a, b := t.TempDir(), newIdentity(t), newIdentity(t)
	for round, keys := range []Keys{{Identity: a}, {Identity: b}, {Identity: a}} {
		s, err := Open(dir, keys, slog.New(slog.DiscardHandler))
		must(t, err)
		save(t, s, killSID, "image", fmt.Sprint(round), fmt.Sprint(round))
		must(t, s.Close())
	}
	if got := bodies(t, dir, Keys{Identity: a}); len(got) != 2 {
		t.Errorf("a reads %q", got)
	}
	if got := bodies(t, dir, Keys{Identity: b}); len(got) != 1 {
		t.Errorf("b reads %q", got)
	}
	archive, err := OpenArchive(dir, a, b)
	must(t, err)
	defer archive.Close()
	if records, unread := archive.Records(killSID); len(records) != 3 || len(unread) != 0 {
		t.Errorf("both read %d, %d unread", len(records), len(unread))
	}
}

func TestIndexOfAnotherVersion(t *testing.T) {
	for name, prepare := range map[string]func(*bbolt.Tx) error{
		"earlier": func(tx *bbolt.Tx) error {
			_, err := tx.CreateBucket([]byte(recordsBucket))
			return err
		},
		"later": func(tx *bbolt.Tx) error {
			if err := makeBuckets(tx); err != nil {
				return err
			}
			return tx.Bucket([]byte(aboutBucket)).Put([]byte("format"), []byte("3"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir, id := t.TempDir(), newIdentity(t)
			db, err := bbolt.Open(filepath.Join(dir, indexFile), 0o600, nil)
			must(t, err)
			must(t, db.Update(prepare))
			must(t, db.Close())
			if _, err := Open(dir, Keys{Identity: id}, slog.New(slog.DiscardHandler)); app.KindOf(err) != app.KindCorrupt {
				t.Errorf("opened: %v", err)
			}
			if _, err := OpenArchive(dir, id); app.KindOf(err) != app.KindCorrupt {
				t.Errorf("read: %v", err)
			}
		})
	}
}
