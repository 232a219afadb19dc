//go:build linux

package main_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// slowdown is how many times slower than this machine a mid-range phone is.
const slowdown = 4

// slowPages lets the browser's page processes run one part in slowdown of the
// time, every thread of them alike: DevTools' own throttling holds back the
// page's main thread only, and pictures are decoded on others. Network and
// painting, which a phone's own hardware does, are left alone. It ends with the
// test.
func slowPages(t testing.TB, profile string) {
	t.Helper()
	const run = 5 * time.Millisecond
	stop, stopped := make(chan struct{}), make(chan struct{})
	t.Cleanup(func() { close(stop); <-stopped })
	go func() {
		defer close(stopped)
		var pids []int
		all := func(sig syscall.Signal) {
			for _, pid := range pids {
				_ = syscall.Kill(pid, sig)
			}
		}
		for n := 0; ; n++ {
			began := time.Now()
			all(syscall.SIGCONT)
			if n%5 == 0 { // a navigation may bring a new one
				pids = pagesOf(profile)
			}
			time.Sleep(run)
			select {
			case <-stop:
				return
			default:
			}
			all(syscall.SIGSTOP)
			time.Sleep((slowdown - 1) * time.Since(began)) // whatever the machine made of run
		}
	}()
}

// pagesOf are the processes that run the pages of the browser with a profile.
func pagesOf(profile string) (pids []int) {
	entries, _ := os.ReadDir("/proc")
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		words, _ := os.ReadFile(filepath.Join("/proc", e.Name(), "cmdline"))
		if strings.Contains(string(words), profile) && strings.Contains(string(words), "--type=renderer") {
			pids = append(pids, pid)
		}
	}
	return pids
}
