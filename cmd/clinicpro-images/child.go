package main

import (
	"context"
	"io"
	"os/exec"
	"time"
)

// child is a program of ours that runs beside this one and never outlives it:
// it leaves when its standard input ends, and the system sees to it when this
// process is gone without having said so.
type child struct {
	in      io.WriteCloser // its standard input
	out     io.ReadCloser  // its standard output; nil when cmd gave it to somebody
	cmd     *exec.Cmd
	release func()
	gone    chan struct{}
}

// startChild starts cmd. wait must follow, after the last read of out.
func startChild(cmd *exec.Cmd) (*child, error) {
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	c := &child{in: in, cmd: cmd, gone: make(chan struct{})}
	if cmd.Stdout == nil {
		if c.out, err = cmd.StdoutPipe(); err != nil {
			return nil, err
		}
	}
	c.release, err = startTied(cmd)
	return c, err
}

// pid is the child's process id.
func (c *child) pid() int { return c.cmd.Process.Pid }

// wait waits for the child's end; an exit code other than 0 is an *exec.ExitError.
func (c *child) wait() error {
	defer c.release()
	defer close(c.gone)
	return c.cmd.Wait()
}

// leaveWith tells the child to leave when ctx ends, and ends it when it is
// still there grace later: a sign-out waits for nobody. stop undoes it, if
// nothing has been told yet.
func (c *child) leaveWith(ctx context.Context, grace time.Duration) (stop func() bool) {
	return context.AfterFunc(ctx, func() {
		_ = c.in.Close()
		select {
		case <-c.gone:
		case <-time.After(grace):
			_ = c.cmd.Process.Kill()
		}
	})
}
