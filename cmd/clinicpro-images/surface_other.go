//go:build !windows

package main

import "context"

// paintSoftware: only Windows has it.
const paintSoftware = paintNone

// remoteSession: what a desktop here is shown on changes nothing.
func remoteSession() bool { return false }

// watchDesktop: OpenGL comes and goes with the display here, and the agent with
// that.
func watchDesktop(ctx context.Context, _ func(moved bool)) error {
	<-ctx.Done()
	return nil
}
