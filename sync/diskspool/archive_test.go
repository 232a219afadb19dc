package diskspool

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"go.etcd.io/bbolt"

	"github.com/clinicpro-nz/images/app"
)

func TestArchiveSaysWhyNot(t *testing.T) {
	dir, own := t.TempDir(), newIdentity(t)
	if _, err := OpenArchive(dir, own); app.KindOf(err) != app.KindNotFound {
		t.Errorf("no index: %v", err)
	}
	s := open(t, dir, Keys{Identity: own})
	if _, err := OpenArchive(dir, own); app.KindOf(err) != app.KindConflict {
		t.Errorf("its owner lives: %v", err)
	}
	must(t, s.Close())
	if _, err := OpenArchive(dir, newIdentity(t)); app.KindOf(err) != app.KindAuth {
		t.Errorf("a stranger's key: %v", err)
	}
	must(t, os.Truncate(filepath.Join(dir, indexFile), 5000))
	if _, err := OpenArchive(dir, own); app.KindOf(err) != app.KindCorrupt {
		t.Errorf("cut off: %v", err)
	}
}

func TestArchiveReadsPastDamage(t *testing.T) {
	dir, own := t.TempDir(), newIdentity(t)
	s := open(t, dir, Keys{Identity: own})
	fill(t, s, killSID, secondSID)
	must(t, s.index.commit(func(tx *bbolt.Tx) error {
		b := tx.Bucket([]byte(recordsBucket))
		name := recordName(app.Record{SID: killSID, Kind: "image", Key: "1"})
		sealed := bytes.Clone(b.Get(name))
		sealed[len(sealed)-1] ^= 1
		return b.Put(name, sealed)
	}))
	must(t, s.Close())
	a, err := OpenArchive(dir, own)
	must(t, err)
	defer a.Close()
	records, unread := a.Records(killSID)
	if len(records) != 1 || len(unread) != 1 || unread[0] != (Unread{"image", "1", false}) {
		t.Errorf("%d records, %v", len(records), unread)
	}
	if records, unread := a.Records(secondSID); len(records) != 2 || len(unread) != 0 {
		t.Errorf("the other session: %d records, %v", len(records), unread)
	}
	if got := a.Images(killSID); len(got) != 2 {
		t.Errorf("images %q", got)
	}
	if got, err := a.Sealed(t.Context(), killSID, image(1)); err != nil || !bytes.Equal(got, imageOf(killSID, 1)) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}

// A page of noise anywhere in the index costs what hangs on it, not the
// program: of a leaf that is what lies in it.
func TestArchiveReadsPastADamagedPage(t *testing.T) {
	dir, own := t.TempDir(), newIdentity(t)
	s := open(t, dir, Keys{Identity: own})
	const sessions = 60
	for n := range sessions {
		sid := app.SessionID(fmt.Sprintf("%026d", n))
		save(t, s, sid, "session", "", string(bytes.Repeat([]byte{'x'}, 700)))
	}
	must(t, s.index.commit(askCompaction))
	must(t, s.Close()) // compacts: no page is stale
	whole, err := os.ReadFile(filepath.Join(dir, indexFile))
	must(t, err)
	page := os.Getpagesize()
	const leaf = 0x02
	damagedLeaves := 0
	for n := 2; n < len(whole)/page; n++ {
		broken := bytes.Clone(whole)
		copy(broken[n*page:(n+1)*page], bytes.Repeat([]byte{0xff}, page))
		at := t.TempDir()
		must(t, os.WriteFile(filepath.Join(at, indexFile), broken, 0o600))
		a, err := OpenArchive(at, own)
		if err != nil {
			continue // the page with the keys, or the root
		}
		read := 0
		for _, sid := range a.Sessions() {
			records, _ := a.Records(sid)
			read += len(records)
		}
		if a.Damaged() && read == sessions {
			t.Errorf("page %d: damaged, yet nothing is missing", n)
		}
		if a.Damaged() && whole[n*page+8] == leaf {
			damagedLeaves++
			if read < sessions*3/4 {
				t.Errorf("page %d: only %d of %d records", n, read, sessions)
			}
		}
		must(t, a.Close())
	}
	if damagedLeaves < 5 {
		t.Errorf("%d leaves were found damaged: this test proves nothing", damagedLeaves)
	}
}
