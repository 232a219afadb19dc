package main

import (
	"context"
	"errors"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"

	"github.com/clinicpro-nz/images/app"
)

// lookAtLock is how often the session is asked: a notification would want a
// window, which the agent has not got.
const lookAtLock = 2 * time.Second

// WTSQuerySessionInformation's class and answer (wtsapi32.h).
const (
	wtsSessionInfoEx = 25
	wtsLocked        = 0 // WTS_SESSIONSTATE_LOCK, since Windows 8 and Server 2012
)

type wtsInfoEx struct {
	level uint32
	_     uint32
	data  struct {
		session uint32
		state   uint32
		flags   int32
	}
}

var queryWTS = windows.NewLazySystemDLL("wtsapi32.dll").NewProc("WTSQuerySessionInformationW")

// hearLocks calls locked whenever the Windows session has been locked, until
// ctx ends. KindNotFound: Windows does not say.
func hearLocks(ctx context.Context, locked func()) error {
	ticker := time.NewTicker(lookAtLock)
	defer ticker.Stop()
	for before := false; ; {
		now, err := sessionLocked()
		if err != nil {
			return app.E("listen for the desktop's lock", app.KindNotFound, err)
		}
		if now && !before {
			locked()
		}
		before = now
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

func sessionLocked() (bool, error) {
	const currentSession = ^uint32(0)
	var info *wtsInfoEx
	var bytes uint32
	done, _, err := queryWTS.Call(0, uintptr(currentSession), wtsSessionInfoEx,
		uintptr(unsafe.Pointer(&info)), uintptr(unsafe.Pointer(&bytes)))
	if done == 0 {
		return false, err
	}
	defer windows.WTSFreeMemory(uintptr(unsafe.Pointer(info)))
	if uintptr(bytes) < unsafe.Sizeof(*info) || info.level != 1 {
		return false, errors.New("an answer of another form")
	}
	return info.data.flags == wtsLocked, nil
}
