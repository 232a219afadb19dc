package main

import (
	"context"
	"errors"
	"os"
	"time"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/app/diag"
	"github.com/clinicpro-nz/images/ui/clipboard"
)

// errReplaced: an update has put another program in this one's place, and the
// keeper is to start that.
var errReplaced = errors.New("replaced by an update")

// finishFiling bounds how long a hand-over under way may keep an agent that is
// to be replaced. A hand-over cut off is taken up by the next agent.
const finishFiling = 15 * time.Second

// replace gives this agent's place up to the program that an update has put
// there, as soon as no hand-over is under way. Whatever else is open goes on
// in the next agent: docs/decisions/0007.
func (a *agent) replace() {
	a.log.Info("replaced by an update")
	allowForeground(anyProcess) // to the next agent's window, which this one cannot name
	a.replaced.Store(true)
	time.AfterFunc(finishFiling, a.quit)
	a.refresh()
}

// leaveWithin is how long an agent may take to come to its end.
const leaveWithin = 20 * time.Second

// leavesAnyway ends the process when something keeps an agent whose ctx has
// ended from leaving: a photo is as safe as after any other kill, and an agent
// that stays without working keeps the next one from taking its place. The log
// says what it was.
func (a *agent) leavesAnyway(ctx context.Context, gone <-chan struct{}) {
	<-ctx.Done()
	select {
	case <-gone:
		return
	case <-time.After(leaveWithin):
	}
	a.log.Error("does not leave, and is ended", "stacks", diag.Waiting())
	clipboard.Forget()
	switch {
	case a.replaced.Load():
		os.Exit(exitReplace)
	case errors.Is(context.Cause(ctx), context.Canceled):
		os.Exit(exitQuit)
	}
	os.Exit(1)
}

// filing reports that a hand-over is under way.
func filing(st app.State) bool {
	for _, s := range st.Sessions {
		for _, im := range s.Images {
			if im.Filing {
				return true
			}
		}
	}
	return false
}
