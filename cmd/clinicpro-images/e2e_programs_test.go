//go:build linux

package main_test

import (
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

const (
	agentProgram  = "clinicpro-images"
	windowProgram = "clinicpro-images-ui"
	cloudProgram  = "clinicpro-localcloud"
)

// programs are the names of our programs that run on this desk, sorted.
func (d *desk) programs() []string {
	d.t.Helper()
	var out []string
	for _, p := range d.processes() {
		if exe := strings.TrimSuffix(p.exe, " (deleted)"); filepath.Dir(exe) == d.bin {
			out = append(out, filepath.Base(exe))
		}
	}
	slices.Sort(out)
	return out
}

// process is the process id of a program that runs once; 0: it does not run.
func (d *desk) process(program string) int {
	d.t.Helper()
	for _, p := range d.processes() {
		if p.exe == filepath.Join(d.bin, program) {
			return p.pid
		}
	}
	return 0
}

// signal sends a signal to the one process of a program.
func (d *desk) signal(program string, s syscall.Signal) {
	d.t.Helper()
	pid := d.process(program)
	if pid == 0 {
		d.t.Fatal(program + " is not running")
	}
	if err := syscall.Kill(pid, s); err != nil {
		d.t.Fatal(err)
	}
}

// windows are the ids of the app's open windows.
func (d *desk) windows() []string {
	d.t.Helper()
	out, _ := d.command("xdotool", "search", "--onlyvisible", "--name", "^ClinicPro Images$").Output()
	return strings.Fields(string(out))
}

// reopened waits until the window is open in another process than before.
func (d *desk) reopened(before int) {
	d.t.Helper()
	eventually(d.t, 30*time.Second, func() bool {
		now := d.process(windowProgram)
		return now != 0 && now != before && len(d.windows()) == 1
	}, func() string { return "the window did not come back" })
	d.settle()
}

// active is the title of the window that has the focus.
func (d *desk) active() string {
	d.t.Helper()
	out, _ := d.command("xdotool", "getactivewindow", "getwindowname").Output()
	return strings.TrimSpace(string(out))
}
