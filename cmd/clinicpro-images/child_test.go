package main

import (
	"context"
	"errors"
	"os/exec"
	"testing"
	"time"
)

// A child that does not obey the end of its input cannot keep the agent.
func TestLeaveWith(t *testing.T) {
	for name, c := range map[string]struct {
		program []string
		killed  bool
	}{
		"obeys":    {[]string{"cat"}, false},
		"does not": {[]string{"sleep", "600"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			child, err := startChild(exec.Command(c.program[0], c.program[1:]...))
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			defer child.leaveWith(ctx, 50*time.Millisecond)()
			cancel()
			done := make(chan error, 1)
			go func() { done <- child.wait() }()
			select {
			case err := <-done:
				var exit *exec.ExitError
				if killed := errors.As(err, &exit); killed != c.killed {
					t.Fatalf("killed: %v", killed)
				}
			case <-time.After(10 * time.Second):
				t.Fatal("the child is still there")
			}
		})
	}
}
