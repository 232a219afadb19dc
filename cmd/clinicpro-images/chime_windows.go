package main

import (
	"context"
	"runtime"
	"unsafe"

	"golang.org/x/sys/windows"
)

var playSound = windows.NewLazySystemDLL("winmm.dll").NewProc("PlaySoundW")

// chime plays the chime, if this computer can; it returns when it has ended.
func chime(context.Context) {
	const (
		soundNoDefault = 0x2 // SND_NODEFAULT: silence rather than the system's beep
		soundMemory    = 0x4 // SND_MEMORY
		soundNoStop    = 0x10
	)
	if playSound.Find() != nil { // Server Core has none
		return
	}
	wav := chimeWAV()
	_, _, _ = playSound.Call(uintptr(unsafe.Pointer(&wav[0])), 0, soundNoDefault|soundMemory|soundNoStop)
	runtime.KeepAlive(wav)
}
