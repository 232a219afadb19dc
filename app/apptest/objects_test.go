package apptest_test

import (
	"testing"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/app/apptest"
)

func TestFakeObjects(t *testing.T) {
	apptest.Objects(t, func(*testing.T) apptest.ObjectsRig {
		bucket := new(apptest.FakeBucket)
		fake := bucket.For("testpractice")
		return apptest.ObjectsRig{
			Objects: fake, Other: bucket.For("otherpractice"),
			Put: func(t *testing.T, sid app.SessionID, id app.ImageID, sealed []byte) {
				if err := fake.Put(t.Context(), sid, id, sealed); err != nil {
					t.Fatal(err)
				}
			},
			Damage: func(_ *testing.T, sid app.SessionID, id app.ImageID) { fake.Damage(sid, id) },
		}
	})
}
