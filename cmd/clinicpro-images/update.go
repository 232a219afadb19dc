package main

import (
	"errors"
	"time"

	"github.com/clinicpro-nz/images/app"
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
