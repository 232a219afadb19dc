package main

import (
	"context"
	"os"
	"path/filepath"
	"time"

	"github.com/clinicpro-nz/images/app/versions"
	"github.com/clinicpro-nz/images/ui/link"
)

// The agent's own program, and the one that local mode starts.
const (
	agentProgram = "clinicpro-images"
	cloudProgram = "clinicpro-localcloud"
)

// lookForNewer is how often the program folder is looked at: one or two stats.
const lookForNewer = 5 * time.Second

// newestProgram is the program that exe's users are to run. An MSI puts each version
// into a folder of its own beside the others (…\ClinicPro Images\1.2.0\), so
// that no running file is replaced: there it is the same program in the folder
// with the highest version that holds everything exe's own does, or exe.
// Anywhere else it is exe, whatever now lies there.
func newestProgram(exe string) string {
	own, ext := filepath.Dir(exe), filepath.Ext(exe)
	if _, versioned := versions.Numbers(filepath.Base(own)); !versioned {
		return exe
	}
	newest := versions.Newest(filepath.Dir(own), agentProgram+ext, windowProgram+ext, cloudProgram+ext)
	if !versions.Newer(filepath.Base(newest), filepath.Base(own)) {
		return exe
	}
	return filepath.Join(newest, filepath.Base(exe))
}

// awaitNewer gives this agent's place up to a newer version once one is
// installed and it disturbs nobody: no session open, nothing being filed, no
// window that somebody works in. A version counts as installed when two looks
// in a row find the same, so that one just being copied is left alone.
func (a *agent) awaitNewer(ctx context.Context, every time.Duration) error {
	exe, err := os.Executable()
	if err != nil {
		return nil // without a path nothing is ever seen to change
	}
	self := programAt(exe)
	look := time.NewTicker(every)
	defer look.Stop()
	var before program
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-look.C:
		}
		now := programAt(newestProgram(exe))
		switch {
		case now.path == exe && !self.changed():
			before = program{}
		case before.path != now.path || before.changed():
			before = now
		case a.undisturbed():
			a.replace()
			return nil
		}
	}
}

// undisturbed reports that a restart now would be noticed by nobody.
func (a *agent) undisturbed() bool {
	open := a.screens.isOpen()
	a.mu.Lock()
	defer a.mu.Unlock()
	current := a.state.Sessions[a.state.Current]
	toFile, toCome := current.Outstanding()
	review := open && (toFile+toCome > 0 && !a.form || a.draft != link.Draft{})
	return openSession(a.state) == "" && !filing(a.state) && !review && a.pending == nil
}
