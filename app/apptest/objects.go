package apptest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/clinicpro-nz/images/app"
)

// ObjectsRig is one store as the suite needs it, empty at the start.
type ObjectsRig struct {
	Objects app.Objects // one practice's
	Other   app.Objects // another practice's, in the same bucket
	// Put stores as Objects' practice's phone does: once only.
	Put func(t *testing.T, sid app.SessionID, id app.ImageID, sealed []byte)
	// Damage changes stored bytes behind the store's back, not its checksum.
	Damage func(t *testing.T, sid app.SessionID, id app.ImageID)
}

// Objects is the conformance suite of app.Objects. start is called once a test.
func Objects(t *testing.T, start func(t *testing.T) ObjectsRig) {
	t.Run("get what was put", func(t *testing.T) {
		rig, ctx, sid := start(t), t.Context(), app.NewSessionID()
		for _, size := range []int{1, 4096, 1 << 20, 15 << 20} {
			id, sealed := imageID(size), noise(size)
			rig.Put(t, sid, id, sealed)
			into := make([]byte, size+1)
			got, sum, err := rig.Objects.Get(ctx, sid, id, into[:size])
			if err != nil || !bytes.Equal(got, sealed) || sum != digest(sealed) {
				t.Errorf("%d bytes: got %d, digest right %t, %v", size, len(got), sum == digest(sealed), err)
			}
			if err == nil && &got[0] != &into[0] {
				t.Errorf("%d bytes lie in other memory than was given", size)
			}
		}
	})
	t.Run("get what is not there", func(t *testing.T) {
		rig := start(t)
		_, _, err := rig.Objects.Get(t.Context(), app.NewSessionID(), imageID(1), make([]byte, 1<<20))
		wantKind(t, err, app.KindNotFound)
	})
	t.Run("get more than allowed", func(t *testing.T) {
		rig, sid := start(t), app.NewSessionID()
		rig.Put(t, sid, imageID(1), noise(1001))
		_, _, err := rig.Objects.Get(t.Context(), sid, imageID(1), make([]byte, 1000))
		wantKind(t, err, app.KindTooLarge)
	})
	t.Run("get damaged bytes", func(t *testing.T) {
		rig, sid := start(t), app.NewSessionID()
		rig.Put(t, sid, imageID(1), noise(5000))
		rig.Damage(t, sid, imageID(1))
		_, _, err := rig.Objects.Get(t.Context(), sid, imageID(1), make([]byte, 1<<20))
		wantKind(t, err, app.KindCorrupt)
	})
	t.Run("delete", func(t *testing.T) {
		rig, ctx, sid := start(t), t.Context(), app.NewSessionID()
		rig.Put(t, sid, imageID(1), noise(100))
		rig.Put(t, sid, imageID(2), noise(200))
		for range 2 { // the second finds nothing, and that is no error
			if err := rig.Objects.Delete(ctx, sid, imageID(1)); err != nil {
				t.Fatal(err)
			}
		}
		_, _, err := rig.Objects.Get(ctx, sid, imageID(1), make([]byte, 1000))
		wantKind(t, err, app.KindNotFound)
		list, err := rig.Objects.List(ctx, sid)
		if err != nil || len(list) != 1 || list[0].ID != imageID(2) || list[0].Bytes != 200 {
			t.Fatalf("left: %+v, %v", list, err)
		}
		rig.Put(t, sid, imageID(1), noise(100)) // gone means free again
	})
	t.Run("list one session", func(t *testing.T) {
		rig, ctx := start(t), t.Context()
		sid, next := app.NewSessionID(), app.NewSessionID()
		if list, err := rig.Objects.List(ctx, sid); err != nil || len(list) != 0 {
			t.Fatalf("nothing put, listed %+v, %v", list, err)
		}
		before := time.Now().Add(-time.Minute)
		const images = 23 // several pages: rigs use a small page
		for n := range images {
			rig.Put(t, sid, imageID(n), noise(n+1))
		}
		rig.Put(t, next, imageID(0), noise(7))
		list, err := rig.Objects.List(ctx, sid)
		if err != nil || len(list) != images {
			t.Fatalf("listed %d of %d, %v", len(list), images, err)
		}
		sizes := map[app.ImageID]int64{}
		for _, o := range list {
			sizes[o.ID] = o.Bytes
			if o.Modified.Before(before) || o.Modified.After(time.Now().Add(time.Minute)) {
				t.Errorf("modified %v", o.Modified)
			}
		}
		for n := range images {
			if sizes[imageID(n)] != int64(n+1) {
				t.Errorf("image %d: %d bytes", n, sizes[imageID(n)])
			}
		}
	})
	t.Run("another practice sees nothing", func(t *testing.T) {
		rig, ctx, sid := start(t), t.Context(), app.NewSessionID()
		rig.Put(t, sid, imageID(1), noise(100))
		_, _, err := rig.Other.Get(ctx, sid, imageID(1), make([]byte, 1000))
		wantKind(t, err, app.KindNotFound)
		if list, err := rig.Other.List(ctx, sid); err != nil || len(list) != 0 {
			t.Errorf("listed %+v, %v", list, err)
		}
		if err := rig.Other.Delete(ctx, sid, imageID(1)); err != nil {
			t.Error(err)
		}
		if _, _, err := rig.Objects.Get(ctx, sid, imageID(1), make([]byte, 1000)); err != nil {
			t.Errorf("another practice deleted it: %v", err)
		}
	})
	t.Run("names that would leave the folder", func(t *testing.T) {
		rig, ctx := start(t), t.Context()
		_, _, err := rig.Objects.Get(ctx, "../../other", imageID(1), make([]byte, 1000))
		wantKind(t, err, app.KindBug)
		_, _, err = rig.Objects.Get(ctx, app.NewSessionID(), "../x", make([]byte, 1000))
		wantKind(t, err, app.KindBug)
		_, err = rig.Objects.List(ctx, "")
		wantKind(t, err, app.KindBug)
		wantKind(t, rig.Objects.Delete(ctx, "", imageID(1)), app.KindBug)
	})
	t.Run("canceled and late", func(t *testing.T) {
		rig, sid := start(t), app.NewSessionID()
		rig.Put(t, sid, imageID(1), noise(100))
		canceled, cancel := context.WithCancel(t.Context())
		cancel()
		_, _, err := rig.Objects.Get(canceled, sid, imageID(1), make([]byte, 1000))
		wantKind(t, err, app.KindCanceled)
		_, err = rig.Objects.List(canceled, sid)
		wantKind(t, err, app.KindCanceled)
		wantKind(t, rig.Objects.Delete(canceled, sid, imageID(1)), app.KindCanceled)
		late, cancel := context.WithTimeout(t.Context(), -1)
		defer cancel()
		_, _, err = rig.Objects.Get(late, sid, imageID(1), make([]byte, 1000))
		wantKind(t, err, app.KindOffline)
	})
	t.Run("eight at once", func(t *testing.T) {
		rig, ctx, sid := start(t), t.Context(), app.NewSessionID()
		var wg sync.WaitGroup
		for n := range 8 {
			sealed := noise(300_000 + n)
			rig.Put(t, sid, imageID(n), sealed)
			wg.Go(func() {
				_, sum, err := rig.Objects.Get(ctx, sid, imageID(n), make([]byte, 1<<20))
				if err == nil && sum != digest(sealed) {
					err = errors.New("another image's bytes")
				}
				if err := errors.Join(err, rig.Objects.Delete(ctx, sid, imageID(n))); err != nil {
					t.Errorf("image %d: %v", n, err)
				}
			})
		}
		wg.Wait()
		if list, err := rig.Objects.List(ctx, sid); err != nil || len(list) != 0 {
			t.Errorf("left %+v, %v", list, err)
		}
	})
}

func wantKind(t *testing.T, err error, want app.Kind) {
	t.Helper()
	var e *app.Error
	if !errors.As(err, &e) || e.Kind != want {
		t.Errorf("got %v, want kind %s", err, want)
	}
}

// imageID is the nth synthetic image's.
func imageID(n int) app.ImageID {
	return app.ImageID(fmt.Sprintf("01932e9a-0000-7000-8000-%012x", n))
}

// noise is n bytes that look sealed and differ from noise(n+1).
func noise(n int) []byte {
	b := make([]byte, n)
	x := uint32(n)*2654435761 + 1
	for i := range b {
		x ^= x << 13
		x ^= x >> 17
		x ^= x << 5
		b[i] = byte(x)
	}
	return b
}

func digest(b []byte) app.Digest {
	sum := sha256.Sum256(b)
	return app.Digest(hex.EncodeToString(sum[:]))
}
