package main

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"time"
)

// Exit codes of the agent that end the keeper too. Any other is a crash.
const (
	exitQuit    = 0 // the user asked, or the keeper's own input ended
	exitUsage   = 2 // a flag or the configuration is wrong: starting again cannot help
	exitRunning = 3 // another agent runs already and was brought forward
)

// keep runs the agent as a child and starts it again after a crash, waiting
// 0.25 s at first and up to 15 s when it dies young again and again. A
// library that panics the process costs seconds, not the evening's photos.
// The child's standard input stays open as long as the keeper lives: its end
// is the child's sign to leave.
func keep(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	exe, err := os.Executable()
	if err != nil {
		return exitUsage
	}
	wait := 250 * time.Millisecond
	for {
		started := time.Now()
		code, err := runChild(ctx, exe, append([]string{"-agent"}, args...), stdout, stderr)
		switch {
		case ctx.Err() != nil:
			return exitQuit
		case err == nil && (code == exitQuit || code == exitUsage || code == exitRunning):
			return code
		}
		if time.Since(started) > time.Minute {
			wait = 250 * time.Millisecond
		}
		select {
		case <-ctx.Done():
			return exitQuit
		case <-time.After(wait):
		}
		wait = min(2*wait, 15*time.Second)
	}
}

func runChild(ctx context.Context, exe string, args []string, stdout, stderr io.Writer) (int, error) {
	cmd := exec.Command(exe, args...)
	cmd.Stdout, cmd.Stderr = stdout, stderr
	input, err := cmd.StdinPipe()
	if err != nil {
		return 0, err
	}
	release, err := startTied(cmd)
	if err != nil {
		return 0, err
	}
	defer release()
	stop := context.AfterFunc(ctx, func() { _ = input.Close() })
	defer stop()
	err = cmd.Wait()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode(), nil
	}
	return 0, err
}
