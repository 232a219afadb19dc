//go:build linux

package main_test

import (
	"fmt"
	"time"
)

// fileByKey files the session in the window as a GP does, Ctrl+Enter for the
// sheet and Ctrl+Enter again once it has been read, until n photos are filed.
// A key that comes before the sizes are known does nothing.
func (d *desk) fileByKey(n int) {
	d.t.Helper()
	var states map[string]int
	eventually(d.t, 90*time.Second, func() bool {
		d.xdotool("key", "--clearmodifiers", "ctrl+Return")
		time.Sleep(1500 * time.Millisecond) // longer than a key held down repeats: the window knows the two apart
		states = d.imageStates()
		return states["filed"] >= n
	}, func() string { return "Ctrl+Enter does not file: the images are " + fmt.Sprint(states) })
}
