package main

import (
	"os/exec"
	"syscall"
)

// startTied starts a child that does not outlive this process: the kernel
// sends it SIGTERM when the thread that started it ends, and the end of its
// standard input, which every child here obeys, tells it the same. The Go
// runtime keeps threads, so the signal means the end of the process.
func startTied(cmd *exec.Cmd) (release func(), err error) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	return func() {}, cmd.Start()
}

// allowForeground lets the window's process come to the front: X11 and
// Wayland leave that to the window manager.
func allowForeground(int) {}

// anyProcess stands for a process that is not there yet.
const anyProcess = -1
