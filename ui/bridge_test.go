package ui

import (
	"slices"
	"testing"
)

// A window that draws slowly is given everything that waits at once, in its
// order, and of the snapshots only the newest.
func TestBridge(t *testing.T) {
	var posted []func()
	b := newBridge()
	b.post = func(f func()) { posted = append(posted, f) }
	var done []string
	say := func(s string) func() { return func() { done = append(done, s) } }
	b.show(say("snapshot 1"))
	b.do(say("picture 2"))
	b.show(say("snapshot 2"))
	b.do(say("quit"))
	if len(posted) != 1 || len(done) != 0 {
		t.Fatalf("%d posted, done %q", len(posted), done)
	}
	posted[0]()
	if want := []string{"picture 2", "snapshot 2", "quit"}; !slices.Equal(done, want) {
		t.Fatalf("done %q", done)
	}
	b.do(say("later"))
	if len(posted) != 2 {
		t.Fatal("what comes after a run is not posted")
	}
	posted[1]()
	posted[1]() // and nothing is done twice
	if done[len(done)-1] != "later" || len(done) != 4 {
		t.Fatalf("done %q", done)
	}
}

// Once the window closes nothing reaches a widget: neither what waits, nor what
// a run was doing, nor what comes later, which Fyne would do on the goroutine
// that brings it.
func TestBridgeOfAClosedWindow(t *testing.T) {
	var posted []func()
	b := newBridge()
	b.post = func(f func()) { posted = append(posted, f) }
	var done []string
	b.do(func() { done = append(done, "last"); b.end() })
	b.do(func() { done = append(done, "waited") })
	posted[0]()
	b.do(func() { done = append(done, "late") })
	if len(posted) != 1 || !slices.Equal(done, []string{"last"}) {
		t.Errorf("%d posted, done %q", len(posted), done)
	}
	other := newBridge()
	other.post = func(f func()) { posted = append(posted, f) }
	other.do(func() { t.Error("done after the end") })
	other.end()
	posted[1]()
}
