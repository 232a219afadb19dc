package instance

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func TestSecondStartReachesTheFirst(t *testing.T) {
	t.Setenv("XDG_RUNTIME_DIR", t.TempDir())
	dir := t.TempDir()
	first, err := Claim(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Claim(dir); !errors.Is(err, ErrRunning) {
		t.Fatalf("a second claim gave %v, want ErrRunning", err)
	}
	got := make(chan Hello, 1)
	go func() {
		conn, err := first.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		h, _ := ReadHello(HelloReader(conn))
		got <- h
	}()
	conn, err := Dial(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := WriteHello(conn, Hello{Act: ActLaunch, Context: strings.Repeat("c", 2048), Signature: strings.Repeat("s", 2048)}); err != nil {
		t.Fatal(err)
	}
	if h := <-got; h.Act != ActLaunch || len(h.Context) != 2048 || len(h.Signature) != 2048 {
		t.Fatalf("the first heard %q", h.Act)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := Claim(dir)
	if err != nil {
		t.Fatalf("after the first has gone: %v", err)
	}
	_ = again.Close()
}

func TestHostileGreetings(t *testing.T) {
	for name, in := range map[string]string{
		"endless": strings.Repeat("x", 1<<20), "empty": "", "not JSON": "raise\n", "cut": `{"act":"ra`,
	} {
		if _, err := ReadHello(HelloReader(strings.NewReader(in))); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// Callers that say nothing, leave at once or stay keep nobody else out, and
// are no reason for the first to stop listening.
func TestSilentCallersKeepNobodyOut(t *testing.T) {
	t.Setenv("XDG_RUNTIME_DIR", t.TempDir())
	dir := t.TempDir()
	first, err := Claim(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	heard := make(chan Hello, 16)
	go func() {
		for {
			conn, err := first.Accept()
			if err != nil {
				close(heard)
				return
			}
			go func() {
				defer conn.Close()
				if h, err := ReadHello(HelloReader(conn)); err == nil {
					heard <- h
				}
			}()
		}
	}()
	for i := range 6 {
		conn, err := Dial(dir)
		if err != nil {
			t.Fatalf("caller %d: %v", i, err)
		}
		if i%2 == 0 {
			_ = conn.Close() // gone without a word
		} else {
			defer conn.Close() // silent for the whole test
		}
	}
	conn, err := Dial(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := WriteHello(conn, Hello{Act: ActRaise}); err != nil {
		t.Fatal(err)
	}
	select {
	case h, more := <-heard:
		if !more || h.Act != ActRaise {
			t.Fatalf("heard %+v", h)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("not heard")
	}
}
