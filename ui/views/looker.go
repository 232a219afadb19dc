package views

import (
	"image"

	"github.com/clinicpro-nz/images/ui/link"
)

// wholes bounds the whole pictures that the window keeps: the one on show, the
// one beside it, and their neighbours; wholeBytes their pixels, of which the
// last is kept whatever its size.
const (
	wholes     = 4
	wholeBytes = 16 << 20
)

// patience is how many ticks, of a second, an answer may take before the look
// is asked for again: the agent may have dropped it.
const patience = 5

// lookAt is a photo as it is at one revision.
type lookAt struct {
	ref link.Ref
	rev string
}

type lookAsked struct {
	at   lookAt
	look link.Look
}

// looker asks the agent for parts of pictures: one at a time, what is on show
// first, and of each pane only what it shows now. So whatever the GP does
// waits for one answer at most, and nothing that was only passed through is
// ever drawn.
type looker struct {
	ask    func(link.Ref, link.Look)
	seq    int
	flying *lookAsked
	waited int
	wanted map[wantedBy]lookAsked
	ahead  []lookAsked // to be had once nothing else is wanted
	wholes []lookWhole // used last is last
}

// wantedBy is a pane and whether it wants all of its picture.
type wantedBy struct {
	p     *pane
	whole bool
}

type lookWhole struct {
	at   lookAt
	side int
	m    image.Image
	size image.Point
}

func (w lookWhole) bytes() int { return 4 * w.m.Bounds().Dx() * w.m.Bounds().Dy() }

// have returns the whole of a picture, if it has come.
func (l *looker) have(at lookAt) (image.Image, image.Point, bool) {
	for i, w := range l.wholes {
		if w.at == at {
			l.wholes = append(append(l.wholes[:i:i], l.wholes[i+1:]...), w)
			return w.m, w.size, true
		}
	}
	return nil, image.Point{}, false
}

// want asks for what a pane shows now.
func (l *looker) want(p *pane, at lookAt, look link.Look) {
	if l.wanted == nil {
		l.wanted = map[wantedBy]lookAsked{}
	}
	by := wantedBy{p, look.Part().Empty()}
	delete(l.wanted, wantedBy{p, false}) // where the pane was before
	if by.whole {
		delete(l.wanted, by)
		for _, w := range l.wholes {
			if w.at == at && w.side >= look.Side {
				return
			}
		}
	}
	if l.flying != nil && l.flying.at == at && same(l.flying.look, look) {
		return
	}
	l.wanted[by] = lookAsked{at, look}
	l.pump()
}

func same(a, b link.Look) bool {
	a.Seq, b.Seq = 0, 0
	return a == b
}

// next names photos to be had ahead, at a size.
func (l *looker) next(photos []lookAt, side int) {
	l.ahead = l.ahead[:0]
	for _, at := range photos {
		if _, _, have := l.have(at); !have && side > 0 {
			l.ahead = append(l.ahead, lookAsked{at, link.Look{Side: side}})
		}
	}
	l.pump()
}

func (l *looker) pump() {
	if l.flying != nil {
		return
	}
	var due lookAsked
	found := false
	for _, whole := range []bool{true, false} {
		for by, w := range l.wanted {
			if !found && by.whole == whole {
				due, found = w, true
				delete(l.wanted, by)
			}
		}
	}
	if !found && len(l.ahead) > 0 {
		due, found = l.ahead[0], true
		l.ahead = l.ahead[1:]
	}
	if !found {
		return
	}
	l.seq++
	due.look.Seq = l.seq
	l.flying, l.waited = &due, 0
	l.ask(due.at.ref, due.look)
}

// seen takes an answer, and returns what it answers; false for one that was
// not waited for any more.
func (l *looker) seen(s link.Seen) (lookAsked, bool) {
	if l.flying == nil || l.flying.look.Seq != s.Seq {
		return lookAsked{}, false
	}
	asked := *l.flying
	l.flying = nil
	if asked.look.Part().Empty() && s.Width > 0 {
		l.wholes = append(l.wholes, lookWhole{asked.at, asked.look.Side, s.Image, image.Pt(s.Width, s.Height)})
		for i, w := range l.wholes[:len(l.wholes)-1] { // one of each
			if w.at == asked.at {
				l.wholes = append(l.wholes[:i:i], l.wholes[i+1:]...)
				break
			}
		}
		l.wholes = l.wholes[max(len(l.wholes)-wholes, 0):]
		bytes := 0
		for _, w := range l.wholes {
			bytes += w.bytes()
		}
		for ; len(l.wholes) > 1 && bytes > wholeBytes; l.wholes = l.wholes[1:] {
			bytes -= l.wholes[0].bytes()
		}
	}
	l.pump()
	return asked, true
}

// tick gives up an answer that does not come.
func (l *looker) tick() {
	if l.flying == nil {
		return
	}
	if l.waited++; l.waited >= patience {
		again := *l.flying
		l.flying = nil
		l.ahead = append([]lookAsked{again}, l.ahead...)
		l.pump()
	}
}

// forget drops everything.
func (l *looker) forget() { l.flying, l.wanted, l.ahead, l.wholes = nil, nil, nil, nil }
