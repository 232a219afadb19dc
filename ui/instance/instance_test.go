package instance

import (
	"bufio"
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
		h, _ := ReadHello(bufio.NewReader(conn))
		got <- h
	}()
	conn, err := Dial(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := WriteHello(conn, Hello{Act: "raise"}); err != nil {
		t.Fatal(err)
	}
	if h := <-got; h.Act != "raise" {
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
		if _, err := ReadHello(bufio.NewReader(strings.NewReader(in))); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
