package apptest_test

import (
	"testing"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/app/apptest"
)

func TestFakeSpool(t *testing.T) {
	apptest.Spool(t, func(*testing.T) apptest.SpoolRig {
		s := new(apptest.FakeSpool)
		return apptest.SpoolRig{Spool: s, Reopen: func(*testing.T) app.Spool { return s }}
	})
}

func TestFakeVault(t *testing.T) {
	apptest.Vault(t, func(*testing.T) app.Vault { return new(apptest.FakeVault) })
}

func TestFakeAudit(t *testing.T) {
	apptest.Audit(t, func(*testing.T) apptest.AuditRig {
		a := new(apptest.FakeAudit)
		return apptest.AuditRig{Audit: a, Reopen: func(*testing.T) app.Audit { return a },
			Noted: func(*testing.T) []app.AuditEntry { return a.Noted() }}
	})
}

func TestFakeSink(t *testing.T) {
	apptest.Sink(t, func(*testing.T) apptest.SinkRig {
		s := new(apptest.FakeSink)
		return apptest.SinkRig{
			Sink:  s,
			Filed: func(*testing.T) [][]byte { return s.Filed() },
			Lose:  func(_ *testing.T, place app.Sealed) { s.Lose(place) },
		}
	})
}
