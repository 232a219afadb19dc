//go:build !windows

package main

import (
	"bufio"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// endPrograms asks every program that runs from dir to leave, and ends what is
// still there three seconds later. Killed, they lose nothing.
func endPrograms(dir string) {
	for _, step := range []struct {
		signal syscall.Signal
		wait   time.Duration
	}{{syscall.SIGTERM, 3 * time.Second}, {syscall.SIGKILL, time.Second}} {
		found := programsOf(dir)
		for _, pid := range found {
			_ = syscall.Kill(pid, step.signal)
		}
		for end := time.Now().Add(step.wait); len(found) > 0 && time.Now().Before(end); found = programsOf(dir) {
			time.Sleep(50 * time.Millisecond)
		}
	}
}

func programsOf(dir string) (pids []int) {
	entries, _ := os.ReadDir("/proc")
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil || pid == os.Getpid() {
			continue
		}
		exe, err := os.Readlink(filepath.Join("/proc", e.Name(), "exe"))
		if err == nil && filepath.Dir(strings.TrimSuffix(exe, " (deleted)")) == dir {
			pids = append(pids, pid)
		}
	}
	return pids
}

// forgetSignIn has nothing to do: no package's path holds a version, and a user
// who has switched it off at sign-in has it so when the package comes back.
func forgetSignIn(string) {}

// removeAll removes a folder below root, following no link.
func removeAll(root *os.Root, dir string) error { return root.RemoveAll(dir) }

// giveTo gives a file to the owner of its folder, who is to read it.
func giveTo(root *os.Root, path string, folder fs.FileInfo) error {
	owner, ok := folder.Sys().(*syscall.Stat_t)
	if !ok {
		return nil
	}
	return root.Lchown(path, int(owner.Uid), int(owner.Gid))
}

// everyonesPlaces are the state folders of the users in /etc/passwd.
func everyonesPlaces() (places []place) {
	file, err := os.Open("/etc/passwd")
	if err != nil {
		return nil
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		if fields := strings.Split(lines.Text(), ":"); len(fields) > 5 && filepath.IsAbs(fields[5]) {
			places = append(places, place{fields[5], filepath.Join(".local", "share", "clinicpro-images")})
		}
	}
	return places
}
