package instance

import (
	"bufio"
	"errors"
	"net"
	"os"
	"sync"
	"testing"
	"time"
)

// TestStartsTogetherLeaveOneAgent: a GP clicks again and again. One start is the
// agent, and hears every other.
func TestStartsTogetherLeaveOneAgent(t *testing.T) {
	const starts = 8
	for range 5 {
		dir, err := os.MkdirTemp("", "cpi") // and not t.TempDir, whose removal Wine refuses
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = os.RemoveAll(dir) })
		t.Setenv("XDG_RUNTIME_DIR", dir)
		var together sync.WaitGroup
		agents, callers := make(chan net.Listener, starts), make(chan error, starts)
		for range starts {
			together.Go(func() {
				l, err := Claim(dir)
				if err == nil {
					agents <- l
					return
				}
				if !errors.Is(err, ErrRunning) {
					callers <- err
					return
				}
				callers <- raise(dir)
			})
		}
		agent := <-agents
		heard := make(chan string, starts)
		go func() {
			for {
				conn, err := agent.Accept()
				if err != nil {
					return
				}
				h, _ := ReadHello(bufio.NewReader(conn))
				_ = conn.Close()
				heard <- h.Act
			}
		}()
		for range starts - 1 {
			if err := <-callers; err != nil {
				t.Error(err)
			}
		}
		for range starts - 1 {
			select {
			case act := <-heard:
				if act != "raise" {
					t.Errorf("the agent heard %q", act)
				}
			case <-time.After(30 * time.Second):
				t.Fatal("the agent did not hear every start")
			}
		}
		together.Wait()
		if len(agents) > 0 {
			t.Error("two agents")
		}
		if err := agent.Close(); err != nil {
			t.Error(err)
		}
	}
}

// raise is what a second start does, until the agent, which may just be
// beginning, listens.
func raise(dir string) error {
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		conn, err := Dial(dir)
		if err == nil {
			err = WriteHello(conn, Hello{Act: "raise"})
			_ = conn.Close()
			return err
		}
		if time.Now().After(end) {
			return err
		}
	}
}
