//go:build linux

package main_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	agentProgram  = "clinicpro-images"
	windowProgram = "clinicpro-images-ui"
	cloudProgram  = "clinicpro-localcloud"
)

// killAgent kills the agent itself, not its keeper, with SIGKILL: the process
// that the local cloud is a child of.
func (d *desk) killAgent() {
	d.t.Helper()
	agent := d.agent()
	if agent == 0 {
		d.t.Fatal("no local cloud is running, so no agent to kill")
	}
	if err := syscall.Kill(agent, syscall.SIGKILL); err != nil {
		d.t.Fatal(err)
	}
}

// agent is the agent's process id, 0 while none has a local cloud.
func (d *desk) agent() int {
	d.t.Helper()
	for _, p := range d.processes() {
		if p.exe == filepath.Join(d.bin, cloudProgram) {
			return p.parent
		}
	}
	return 0
}

type process struct {
	pid, parent   int
	exe           string
	args, environ []byte
}

// processes are those that run in this desk's environment.
func (d *desk) processes() []process {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		d.t.Fatal(err)
	}
	var out []process
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		dir := filepath.Join("/proc", e.Name())
		environ, err := os.ReadFile(filepath.Join(dir, "environ"))
		if err != nil || !strings.Contains(string(environ), d.scratch+"/") {
			continue // gone, or not ours
		}
		stat, _ := os.ReadFile(filepath.Join(dir, "stat"))
		exe, _ := os.Readlink(filepath.Join(dir, "exe"))
		args, _ := os.ReadFile(filepath.Join(dir, "cmdline"))
		p := process{pid: pid, exe: exe, args: args, environ: environ}
		// pid (name) state ppid: the name may hold anything, so from its end.
		if i := strings.LastIndexByte(string(stat), ')'); i >= 0 {
			_, _ = fmt.Sscanf(string(stat[i+1:]), " %c %d", new(rune), &p.parent)
		}
		out = append(out, p)
	}
	return out
}

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
