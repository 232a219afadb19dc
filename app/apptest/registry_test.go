package apptest_test

import (
	"testing"

	"github.com/clinicpro-nz/images/app/apptest"
)

func TestFakeRegistry(t *testing.T) {
	apptest.Registry(t, func(*testing.T) apptest.PhoneRegistry { return &apptest.FakeRegistry{} })
}
