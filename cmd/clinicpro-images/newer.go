package main

import (
	"context"
	"os"
	"path/filepath"
	"time"

	"github.com/clinicpro-nz/images/sync/updates"
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
	own := filepath.Dir(exe)
	version := filepath.Base(own)
	if _, versioned := updates.Numbers(version); !versioned {
		return exe
	}
	entries, err := os.ReadDir(filepath.Dir(own))
	if err != nil {
		return exe
	}
	best := version
	for _, e := range entries {
		if e.IsDir() && updates.Newer(e.Name(), best) && complete(filepath.Join(filepath.Dir(own), e.Name()), filepath.Ext(exe)) {
			best = e.Name()
		}
	}
	return filepath.Join(filepath.Dir(own), best, filepath.Base(exe))
}

// complete reports whether all that an agent starts is in dir.
func complete(dir, ext string) bool {
	for _, name := range []string{agentProgram, windowProgram, cloudProgram} {
		if info, err := os.Stat(filepath.Join(dir, name+ext)); err != nil || !info.Mode().IsRegular() || info.Size() == 0 {
			return false
		}
	}
	return true
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
