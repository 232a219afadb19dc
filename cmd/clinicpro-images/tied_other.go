//go:build !linux && !windows

package main

import (
	"os/exec"
)

// startTied starts a child that does not outlive this process: here the
// end of its standard input tells it to leave, which every child here obeys.
func startTied(cmd *exec.Cmd) (release func(), err error) {
	return func() {}, cmd.Start()
}

// allowForeground lets the window's process come to the front: that is left to
// the window manager.
func allowForeground(int) {}

// anyProcess stands for a process that is not there yet.
const anyProcess = -1
