package apptest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/clinicpro-nz/images/app"
)

// FakeBucket is an S3 bucket in memory. The zero value is empty.
type FakeBucket struct {
	mu      sync.Mutex
	objects map[fakeKey]fakeObject
	down    error
}

type fakeKey struct {
	practice app.Practice
	sid      app.SessionID
	id       app.ImageID
}

type fakeObject struct {
	sealed   []byte
	sum      app.Digest
	modified time.Time
}

// FakeObjects is a FakeBucket seen by one practice. It implements app.Objects.
type FakeObjects struct {
	bucket   *FakeBucket
	practice app.Practice
}

// For returns the bucket as one practice sees it.
func (b *FakeBucket) For(practice app.Practice) *FakeObjects { return &FakeObjects{b, practice} }

// Fail makes every call return err until Fail(nil).
func (b *FakeBucket) Fail(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.down = err
}

// Put stores what a phone sends; what is there already stays: KindConflict.
func (o *FakeObjects) Put(ctx context.Context, sid app.SessionID, id app.ImageID, sealed []byte) error {
	return o.with(ctx, "put image", sid, func() error {
		key := fakeKey{o.practice, sid, id}
		if _, there := o.bucket.objects[key]; there {
			return app.E("put image", app.KindConflict, errors.New("there already"))
		}
		if o.bucket.objects == nil {
			o.bucket.objects = map[fakeKey]fakeObject{}
		}
		o.bucket.objects[key] = fakeObject{bytes.Clone(sealed), digest(sealed), time.Now()}
		return nil
	})
}

// Damage flips a bit of a stored object and leaves its checksum.
func (o *FakeObjects) Damage(sid app.SessionID, id app.ImageID) {
	o.bucket.mu.Lock()
	defer o.bucket.mu.Unlock()
	o.bucket.objects[fakeKey{o.practice, sid, id}].sealed[0] ^= 1
}

// Get implements app.Objects.
func (o *FakeObjects) Get(ctx context.Context, sid app.SessionID, id app.ImageID, into []byte) (sealed []byte, sum app.Digest, err error) {
	const op = "fetch image"
	err = o.with(ctx, op, sid, func() error {
		if _, err := app.ParseImageID(string(id)); err != nil {
			return app.E(op, app.KindBug, err)
		}
		obj, there := o.bucket.objects[fakeKey{o.practice, sid, id}]
		switch {
		case !there:
			return app.E(op, app.KindNotFound, nil)
		case len(obj.sealed) > len(into):
			return app.E(op, app.KindTooLarge, fmt.Errorf("%d bytes", len(obj.sealed)))
		case digest(obj.sealed) != obj.sum:
			return app.E(op, app.KindCorrupt, nil)
		}
		sealed, sum = into[:copy(into, obj.sealed)], obj.sum
		return nil
	})
	return sealed, sum, err
}

// List implements app.Objects, in no order.
func (o *FakeObjects) List(ctx context.Context, sid app.SessionID) (list []app.Object, err error) {
	err = o.with(ctx, "list images", sid, func() error {
		for key, obj := range o.bucket.objects {
			if key.practice == o.practice && key.sid == sid {
				list = append(list, app.Object{ID: key.id, Bytes: int64(len(obj.sealed)), Modified: obj.modified})
			}
		}
		return nil
	})
	return list, err
}

// Delete implements app.Objects.
func (o *FakeObjects) Delete(ctx context.Context, sid app.SessionID, id app.ImageID) error {
	return o.with(ctx, "delete image", sid, func() error {
		delete(o.bucket.objects, fakeKey{o.practice, sid, id})
		return nil
	})
}

func (o *FakeObjects) with(ctx context.Context, op string, sid app.SessionID, do func() error) error {
	if _, err := app.ParseSessionID(string(sid)); err != nil {
		return app.E(op, app.KindBug, err)
	}
	if err := ctx.Err(); err != nil {
		return app.E(op, app.KindOffline, err)
	}
	o.bucket.mu.Lock()
	defer o.bucket.mu.Unlock()
	if o.bucket.down != nil {
		return o.bucket.down
	}
	return do()
}
