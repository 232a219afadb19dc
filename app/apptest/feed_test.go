package apptest_test

import (
	"testing"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/app/apptest"
)

func TestFakeFeed(t *testing.T) {
	apptest.Feed(t, func(*testing.T) (app.Feed, apptest.Publish) {
		f := &apptest.FakeFeed{}
		return f, f.Publish
	})
}
