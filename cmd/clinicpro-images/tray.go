package main

import (
	"context"
	"errors"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/ui/tray"
)

type spawner interface{ Go(func() error) }

// tray shows the icon until ctx ends. Where there is no notification area the
// window serves alone.
func (a *agent) tray(ctx context.Context, group spawner, quit context.CancelFunc) error {
	err := tray.Run(ctx, tray.Config{Status: a.status, Do: func(c tray.Command) {
		switch c {
		case tray.CommandQuit:
			quit()
		default: // the window has it all: form, session, what waits, help
			a.screens.open(ctx, group)
		}
	}})
	if errors.Is(err, tray.ErrNoTray) {
		a.log.Info("no notification area")
		return nil
	}
	return err
}

// trayStatus is the State as the tray shows it: counts, and nothing of a patient.
func trayStatus(st app.State, starting bool) tray.Status {
	out := tray.Status{State: tray.Idle}
	for _, s := range st.Sessions {
		toFile, _ := s.Outstanding()
		out.ToFile += toFile
	}
	s, shown := st.Sessions[st.Current]
	out.Session = shown && (s.Stage == app.StageOpening || s.Stage == app.StageLive)
	grave := starting
	for area := range st.Trouble {
		grave = grave || area != app.AreaFeed
	}
	switch {
	case grave:
		out.State = tray.Problem
	case out.ToFile > 0:
		out.State = tray.ToFile
	case out.Session:
		out.State = tray.Waiting
	}
	return out
}
