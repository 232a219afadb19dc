package main

import (
	"testing"

	"github.com/godbus/dbus/v5"
)

func TestOnlyALockIsOne(t *testing.T) {
	for _, c := range []struct {
		name string
		body []any
		want bool
	}{
		{"org.freedesktop.login1.Session.Lock", nil, true},
		{"org.freedesktop.login1.Session.Unlock", nil, false},
		{"org.freedesktop.ScreenSaver.ActiveChanged", []any{true}, true},
		{"org.gnome.ScreenSaver.ActiveChanged", []any{true}, true},
		{"org.freedesktop.ScreenSaver.ActiveChanged", []any{false}, false},
		{"org.freedesktop.ScreenSaver.ActiveChanged", []any{"true"}, false},
		{"org.freedesktop.ScreenSaver.ActiveChanged", nil, false},
		{"org.freedesktop.DBus.NameAcquired", []any{true}, false},
	} {
		if got := meansLocked(&dbus.Signal{Name: c.name, Body: c.body}); got != c.want {
			t.Errorf("%s %v: %v", c.name, c.body, got)
		}
	}
}
