package instance

import (
	"errors"
	"strings"
	"testing"
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
