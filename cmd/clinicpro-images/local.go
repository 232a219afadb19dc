package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"time"

	"github.com/clinicpro-nz/images/sync/localcloud/ready"
)

// cloudGrace is how long a local cloud may take to answer what it is being
// asked and to leave; killed after that it has lost nothing, only what it had
// not answered.
const cloudGrace = 8 * time.Second

// localCloud is the child process that is the whole cloud in local mode.
type localCloud struct {
	dir, practiceName string
	listen            string // host:port, or config.LocalNetwork
	log               *slog.Logger

	addresses func() []netip.Addr // this computer's
	leavesBy  func() netip.Addr
	every     time.Duration           // how often it is looked whether they have changed
	unreached func(phonesCannot bool) // told before each start
}

func (a *agent) localCloud() localCloud {
	return localCloud{dir: filepath.Join(a.o.dir, "local"), practiceName: a.cfg.PracticeName, listen: a.o.listensOn(a.cfg), log: a.log,
		addresses: ownAddresses, leavesBy: leavesBy, every: lookForMove, unreached: a.unreached}
}

// run keeps the local cloud running until ctx ends, starting it again when it
// dies, and calls up with its addresses and keys each time it is ready and
// down with a sentence for the GP each time it is not.
func (c localCloud) run(ctx context.Context, up func(ready.Ready), down func(error)) error {
	wait := 250 * time.Millisecond
	for {
		started := time.Now()
		err := c.once(ctx, up)
		if ctx.Err() != nil {
			return nil
		}
		c.log.Error("local cloud ended", "program", "clinicpro-localcloud")
		down(err)
		if time.Since(started) > time.Minute {
			wait = 250 * time.Millisecond
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(wait):
		}
		wait = min(2*wait, 5*time.Second)
	}
}

func (c localCloud) once(ctx context.Context, up func(ready.Ready)) error {
	if err := os.MkdirAll(c.dir, 0o700); err != nil {
		return err
	}
	exe, err := sibling(cloudProgram)
	if err != nil {
		return err
	}
	listen, reached := c.reach()
	c.unreached(!reached)
	cmd := exec.Command(exe, "-dir", c.dir, "-listen", listen, "-practice", string(localPractice), "-practice-name", c.practiceName)
	logFile, err := os.OpenFile(filepath.Join(c.dir, "localcloud.log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer logFile.Close()
	cmd.Stderr = logFile
	cloud, err := startChild(cmd)
	if err != nil {
		return err
	}
	ctx, leave := context.WithCancel(ctx)
	defer leave()
	stop := cloud.leaveWith(ctx, cloudGrace)
	defer stop()
	go func() { // ends with this call
		c.awaitMove(ctx, listen)
		leave()
	}()
	r, err := readReady(bufio.NewReader(cloud.out))
	if err == nil {
		err = c.remember(r)
	}
	if err != nil {
		_ = cloud.in.Close()
		_ = cloud.wait()
		return err
	}
	up(r)
	return fmt.Errorf("local cloud: %w", cloud.wait())
}

func readReady(r *bufio.Reader) (ready.Ready, error) {
	line, err := r.ReadBytes('\n')
	if err != nil {
		return ready.Ready{}, errors.New("the local cloud did not start: its port may be taken")
	}
	var out ready.Ready
	if err := json.Unmarshal(line, &out); err != nil || !out.Ready {
		return ready.Ready{}, errors.New("the local cloud did not say that it is ready")
	}
	return out, nil
}

// remember leaves the ready line for support and tests: these keys open
// nothing but this machine's own local cloud.
func (c localCloud) remember(r ready.Ready) error {
	text, err := json.Marshal(r)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(c.dir, "ready.json"), text, 0o600)
}

// sibling finds a program of ours beside this one.
func sibling(name string) (string, error) {
	exe, err := os.Executable()
	if err != nil {
		return "", err
	}
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	path := filepath.Join(filepath.Dir(exe), name)
	if _, err := os.Stat(path); err != nil {
		return "", fmt.Errorf("%s is missing beside the program: %w", name, err)
	}
	return path, nil
}
