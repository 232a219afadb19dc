package diag

import (
	"strings"
	"testing"
)

func stuck(name string, until chan struct{}) { <-until; _ = name }

func TestWaitingNamesFunctionsAlone(t *testing.T) {
	until := make(chan struct{})
	defer close(until)
	started := make(chan struct{})
	go func() {
		close(started)
		stuck("Aroha Testperson", until)
	}()
	<-started
	said := Waiting()
	for !strings.Contains(said, "app/diag.stuck < app/diag.TestWaitingNamesFunctionsAlone") { // it is on its way there
		said = Waiting()
	}
	if strings.Contains(said, "Aroha") || strings.Contains(said, "/diag/") {
		t.Errorf("it says %q", said)
	}
}
