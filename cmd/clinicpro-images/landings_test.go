//go:build linux

package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/ui/tray"
)

// What plays the chime gets all of it: 16-bit samples, never loud, and fading
// to nothing at both ends.
func TestTheChime(t *testing.T) {
	dir := t.TempDir()
	heard := filepath.Join(dir, "heard")
	for i, p := range players { // the last of them is there, and the others are not
		if i == len(players)-1 {
			if err := os.WriteFile(filepath.Join(dir, p[0]), []byte("#!/bin/sh\nexec /bin/cat > "+heard+"\n"), 0o700); err != nil {
				t.Fatal(err)
			}
		}
	}
	t.Setenv("PATH", dir)
	chime(t.Context())
	raw, err := os.ReadFile(heard)
	if err != nil || !bytes.Equal(raw, chimeSamples()) {
		t.Fatalf("the player got %d bytes: %v", len(raw), err)
	}
	loudest := 0
	for i := 0; i < len(raw); i += 2 {
		v := int(int16(binary.LittleEndian.Uint16(raw[i:])))
		loudest = max(loudest, v, -v)
	}
	if loudest < 1000 || loudest > 5000 || binary.LittleEndian.Uint16(raw) != 0 {
		t.Errorf("the loudest sample is %d of 32767", loudest)
	}
	wav := chimeWAV()
	if !bytes.HasPrefix(wav, []byte("RIFF")) || int(binary.LittleEndian.Uint32(wav[4:])) != len(wav)-8 || !bytes.HasSuffix(wav, raw) {
		t.Error("not a WAV file of the same samples")
	}
	t.Setenv("PATH", t.TempDir())
	chime(t.Context()) // a computer without sound
}

// Landings are told once, counted, taken back when they are seen, and never
// told while somebody looks.
func TestLandingsAreTold(t *testing.T) {
	a := testAgent(t)
	a.notes = tray.NewNotifier(func() {})
	a.cfg.Desktop.Sound = true
	var mu sync.Mutex
	ran := 0
	a.background = func(func(context.Context)) { mu.Lock(); ran++; mu.Unlock() }
	state := func(states ...app.ImageState) app.State {
		s := sessionOf("open", 1, app.SessionPaired, states...)
		for id, im := range s.Images {
			im.Arrived = time.Now()
			s.Images[id] = im
		}
		return app.State{Current: "open", Sessions: map[app.SessionID]app.Session{"open": s}}
	}
	told := func(what string, want int) {
		t.Helper()
		if ran != want {
			t.Errorf("%s: %d things done, want %d", what, ran, want)
		}
		ran = 0
	}
	a.landings(state(app.ImageLanded), false)
	told("what was there at the start", 0)
	a.landings(state(app.ImageLanded, app.ImageLanded), false)
	told("a landing", 2) // chime and notification
	a.landings(state(app.ImageLanded, app.ImageLanded, app.ImageLanded), false)
	told("another at once", 0)
	a.heard.chimed, a.heard.saidAt = time.Time{}, time.Time{}
	a.landings(state(slices.Repeat([]app.ImageState{app.ImageLanded}, 4)...), false)
	told("another later", 2)
	a.screens.wanted = true
	a.landings(state(slices.Repeat([]app.ImageState{app.ImageLanded}, 4)...), false)
	told("the window opens", 1) // taken back
	a.heard.chimed = time.Time{}
	a.landings(state(slices.Repeat([]app.ImageState{app.ImageLanded}, 5)...), false)
	told("seen as it lands", 1) // the chime
	a.cfg.Desktop.Sound = false
	a.heard.chimed = time.Time{}
	a.landings(state(slices.Repeat([]app.ImageState{app.ImageLanded}, 6)...), false)
	told("without sound", 0)
	a.screens.wanted = false
	a.landings(state(slices.Repeat([]app.ImageState{app.ImageLanded}, 6)...), true)
	told("trouble", 1)
	a.landings(state(slices.Repeat([]app.ImageState{app.ImageLanded}, 6)...), true)
	told("the same trouble", 0)
	a.landings(state(slices.Repeat([]app.ImageState{app.ImageLanded}, 6)...), false)
	told("trouble is over", 1)
}
