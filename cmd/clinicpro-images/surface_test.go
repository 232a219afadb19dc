package main

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/clinicpro-nz/images/app/config"
)

// display is what a surface asks about.
type display struct {
	openGL, remote atomic.Bool
	asked          atomic.Int32
	hangs          atomic.Bool
}

func (d *display) surface(setting config.UI) *surface {
	s := newSurface(setting)
	s.remote = d.remote.Load
	s.probe = func(ctx context.Context) bool {
		d.asked.Add(1)
		if d.hangs.Load() {
			<-ctx.Done()
		}
		return d.openGL.Load()
	}
	return s
}

func TestOpenGLIsAskedForOnceAndAgainWhenTheDesktopMoves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var d display
		d.openGL.Store(true)
		s := d.surface(config.UIAuto)
		s.warm(t.Context())
		for range 3 {
			if got := s.choose(t.Context()); got != paintGL {
				t.Fatalf("painted with %q", got)
			}
		}
		if n := d.asked.Load(); n != 1 {
			t.Errorf("asked %d times", n)
		}

		lost := s.lostGL()
		s.forget(t.Context(), false)
		synctest.Wait()
		select {
		case <-lost:
			t.Error("a display that still has OpenGL took the window's away")
		default:
		}
		if n := d.asked.Load(); n != 2 {
			t.Errorf("asked %d times after the display changed", n)
		}

		d.openGL.Store(false)
		s.forget(t.Context(), false)
		synctest.Wait()
		select {
		case <-lost:
		default:
			t.Error("the window stays with OpenGL that has gone")
		}
		if got := s.choose(t.Context()); got != paintSoftware {
			t.Errorf("painted with %q", got)
		}

		d.openGL.Store(true)
		lost = s.lostGL()
		s.forget(t.Context(), true)
		synctest.Wait()
		select {
		case <-lost:
		default:
			t.Error("a desktop shown elsewhere left the window its lost OpenGL")
		}
	})
}

func TestRemoteDesktopAndSettingsAskNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var d display
		d.remote.Store(true)
		for setting, want := range map[config.UI]string{
			config.UIAuto: paintSoftware, config.UISoftware: paintSoftware, config.UIGL: paintGL,
		} {
			s := d.surface(setting)
			s.warm(t.Context())
			if got := s.choose(t.Context()); got != want {
				t.Errorf("%s: painted with %q", setting, got)
			}
		}
		if n := d.asked.Load(); n != 0 {
			t.Errorf("asked %d times", n)
		}
	})
}

func TestADriverThatNeverAnswersIsNoUse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var d display
		d.hangs.Store(true)
		s := d.surface("")
		began := time.Now()
		if got := s.choose(t.Context()); got != paintSoftware || time.Since(began) != probeTimeout {
			t.Errorf("painted with %q after %v", got, time.Since(began))
		}
	})
}
