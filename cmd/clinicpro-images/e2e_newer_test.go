//go:build linux

package main_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/clinicpro-nz/images/app/apptest"
)

// TestEndToEndNewerVersion installs newer versions beside a running one, as
// the MSI does, each in a folder named by its version. With nothing open agent
// and keeper of the new version take the old ones' place by themselves, and the
// old folder can go. An open session is left alone; after a crash it goes on in
// the new version, as it was.
func TestEndToEndNewerVersion(t *testing.T) {
	t.Parallel()
	d := newDesk(t, true)
	d.copyPrograms()
	root := d.bin
	d.place(filepath.Join(root, "1.9.0"))
	d.bin = filepath.Join(root, "1.9.0")
	listen := apptest.FreeAddr(t)
	d.startAgent(listen, "-hidden")
	eventually(t, time.Minute, func() bool { return d.agent() != 0 }, func() string { return "the agent does not start" })

	d.place(filepath.Join(root, "1.10.0"))
	d.movesTo(filepath.Join(root, "1.10.0"))

	d.raise(listen)
	d.window()
	d.settle()
	d.enter(patientName, patientNHI, patientBirth)
	link, agent := d.scan(), d.agent()
	d.place(filepath.Join(root, "1.11.0"))
	time.Sleep(15 * time.Second) // three looks of the agent's
	if d.agent() != agent {
		t.Fatal("the agent was restarted with a session open")
	}
	d.killAgent()
	d.movesTo(filepath.Join(root, "1.11.0"))
	if again := d.scan(); again != link {
		t.Error("another session's code is on show")
	}
}

// movesTo waits until agent and keeper run from next, and removes the folder
// that they ran from.
func (d *desk) movesTo(next string) {
	d.t.Helper()
	old := d.bin
	d.bin = next
	eventually(d.t, time.Minute, func() bool { return d.agent() != 0 }, func() string { return "no agent of the new version" })
	d.bin = old
	eventually(d.t, 20*time.Second, func() bool { return d.process(agentProgram) == 0 && d.process(cloudProgram) == 0 },
		func() string { return "something of the old version runs on" })
	if err := os.RemoveAll(old); err != nil {
		d.t.Error(err)
	}
	d.bin = next
}

// place copies the desk's programs into a folder of its own.
func (d *desk) place(dir string) {
	d.t.Helper()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		d.t.Fatal(err)
	}
	for _, name := range []string{agentProgram, windowProgram, cloudProgram} {
		raw, err := os.ReadFile(filepath.Join(d.bin, name))
		if err != nil {
			d.t.Fatal(err)
		}
		d.install(filepath.Join(dir, name), raw)
	}
}
