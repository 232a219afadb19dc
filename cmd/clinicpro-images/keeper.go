package main

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"
)

// Exit codes of the agent. The first three end the keeper too; any other that
// is not exitReplace is a crash. A keeper outlives updates of the agent, so
// these numbers never change. None is 2, which is Go's own for a panic.
const (
	exitQuit    = 0  // the user asked, or the keeper's own input ended
	exitUsage   = 64 // a flag or the configuration is wrong: starting again cannot help
	exitRunning = 3  // another agent runs already and was brought forward
	exitReplace = 4  // an update has put another agent program in this one's place, or beside it
)

// Why the keeper starts an agent again; the agent is told with -after.
const (
	afterCrash  = "crash"
	afterUpdate = "update"
)

// keep runs the agent as a child and starts it again after a crash, waiting
// 0.25 s at first and up to 15 s when it dies young again and again. A
// library that panics the process costs seconds, not the evening's photos.
// An agent that an update has replaced is started again the same way, from
// the same path; where a newer version lies in a folder beside, the keeper of
// that takes this one's place, so that nothing of the old version runs on. The child's standard input stays open as long as the keeper
// lives: its end is the child's sign to leave.
func keep(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	exe, err := os.Executable()
	if err != nil {
		return exitUsage
	}
	wait := 250 * time.Millisecond
	again := []string{"-agent"}
	if after, rest := takeOver(args); after != "" {
		again, args = append(again, "-after", after), rest
	}
	for {
		started := time.Now()
		code, err := runChild(ctx, exe, append(again, args...), stdout, stderr)
		switch {
		case ctx.Err() != nil:
			return exitQuit
		case err == nil && (code == exitQuit || code == exitUsage || code == exitRunning):
			return code
		}
		again = []string{"-agent", "-after", afterCrash}
		if err == nil && code == exitReplace {
			again = []string{"-agent", "-after", afterUpdate}
		}
		if next := newestProgram(exe); next != exe && handOver(next, append(again[1:], args...), stdout, stderr) == nil {
			return exitQuit
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

// handOver starts the keeper of the version at next, which outlives this one.
func handOver(next string, args []string, stdout, stderr io.Writer) error {
	cmd := exec.Command(next, args...)
	cmd.Stdout, cmd.Stderr = stdout, stderr
	if err := cmd.Start(); err != nil {
		return err
	}
	return cmd.Process.Release()
}

// takeOver is handOver's other end: why this keeper was started, and the
// arguments that every agent of its gets.
func takeOver(args []string) (after string, rest []string) {
	for i := 0; i < len(args); i++ {
		value, joined := strings.CutPrefix(args[i], "-after=")
		switch {
		case joined:
			after = value
		case args[i] == "-after" && i+1 < len(args):
			after = args[i+1]
			i++
		default:
			rest = append(rest, args[i])
		}
	}
	return after, rest
}

func runChild(ctx context.Context, exe string, args []string, stdout, stderr io.Writer) (int, error) {
	cmd := exec.Command(exe, args...)
	cmd.Stdout, cmd.Stderr = stdout, stderr
	agent, err := startChild(cmd)
	if err != nil {
		return 0, err
	}
	stop := context.AfterFunc(ctx, func() { _ = agent.in.Close() })
	defer stop()
	err = agent.wait()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode(), nil
	}
	return 0, err
}
