package main

import (
	"context"
	"errors"
	"os"
	"sync"

	"github.com/godbus/dbus/v5"

	"github.com/clinicpro-nz/images/app"
)

const (
	login1        = "org.freedesktop.login1"
	login1Session = login1 + ".Session"
)

// screenSavers are who tells of the lock on the session bus.
var screenSavers = []string{"org.freedesktop.ScreenSaver", "org.gnome.ScreenSaver"}

// hearLocks calls locked whenever the desktop session is locked, until ctx
// ends or a bus has gone away. KindNotFound: there is none.
func hearLocks(ctx context.Context, locked func()) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var hearing sync.WaitGroup
	var heard bool
	for _, bus := range []func(context.Context) (*dbus.Conn, error){sessionBus, loginBus} {
		conn, err := bus(ctx)
		if err != nil {
			continue
		}
		heard = true
		signals := make(chan *dbus.Signal, 16)
		conn.Signal(signals)
		hearing.Go(func() {
			defer stop()
			defer conn.Close()
			for {
				select {
				case <-ctx.Done():
					return
				case s, more := <-signals:
					if !more { // the bus went away
						return
					}
					if meansLocked(s) {
						locked()
					}
				}
			}
		})
	}
	hearing.Wait()
	if !heard {
		return app.E("listen for the desktop's lock", app.KindNotFound, errors.New("no D-Bus"))
	}
	return nil
}

func sessionBus(ctx context.Context) (*dbus.Conn, error) {
	conn, err := dbus.ConnectSessionBus(dbus.WithContext(ctx))
	if err != nil {
		return nil, err
	}
	for _, name := range screenSavers {
		err = errors.Join(err, conn.AddMatchSignalContext(ctx, dbus.WithMatchInterface(name), dbus.WithMatchMember("ActiveChanged")))
	}
	return conn, closeOn(conn, err)
}

// loginBus listens to the user's own login session: another's lock is none of
// ours.
func loginBus(ctx context.Context) (*dbus.Conn, error) {
	conn, err := dbus.ConnectSystemBus(dbus.WithContext(ctx))
	if err != nil {
		return nil, err
	}
	path, err := loginSession(ctx, conn)
	if err == nil {
		err = conn.AddMatchSignalContext(ctx, dbus.WithMatchSender(login1), dbus.WithMatchObjectPath(path),
			dbus.WithMatchInterface(login1Session), dbus.WithMatchMember("Lock"))
	}
	return conn, closeOn(conn, err)
}

// loginSession is the session that this process is in, or, for one that the
// user's service manager has started, the one with the user's display.
func loginSession(ctx context.Context, conn *dbus.Conn) (dbus.ObjectPath, error) {
	manager := conn.Object(login1, "/org/freedesktop/login1")
	var path dbus.ObjectPath
	err := manager.CallWithContext(ctx, login1+".Manager.GetSessionByPID", 0, uint32(os.Getpid())).Store(&path)
	if err == nil {
		return path, nil
	}
	var user dbus.ObjectPath
	if err := manager.CallWithContext(ctx, login1+".Manager.GetUser", 0, uint32(os.Getuid())).Store(&user); err != nil {
		return "", err
	}
	var display struct {
		ID   string
		Path dbus.ObjectPath
	}
	err = conn.Object(login1, user).CallWithContext(ctx, "org.freedesktop.DBus.Properties.Get", 0, login1+".User", "Display").Store(&display)
	return display.Path, err
}

func closeOn(conn *dbus.Conn, err error) error {
	if err != nil {
		_ = conn.Close()
	}
	return err
}

// meansLocked tells the lock from its end, and from signals that the library
// delivers of its own accord.
func meansLocked(s *dbus.Signal) bool {
	if s.Name == login1Session+".Lock" {
		return true
	}
	for _, name := range screenSavers {
		if s.Name == name+".ActiveChanged" && len(s.Body) > 0 {
			active, ok := s.Body[0].(bool)
			return ok && active
		}
	}
	return false
}
