package main

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

// What a benchmark says and what it answers as JSON are the same figures, and
// a broken bound is a failure either way.
func TestBenchReports(t *testing.T) {
	var samples []landingSample
	for n := range 10 {
		samples = append(samples, landingSample{landing: time.Duration(n+1) * 10 * time.Millisecond, floor: 12 * time.Millisecond})
	}
	landings := landingsOf(samples)
	if p := landings.Parts[0]; landings.Images != 10 || p.Part != "landing" || p.P50 != 60 || p.P90 != 100 || landings.OverFloor != 5 {
		t.Errorf("%+v", landings)
	}
	rounds := throughputOf([]throughputRound{
		{images: 50, bytes: 50e6, plain: time.Second, synced: 2 * time.Second, landing: 1200 * time.Millisecond},
		{images: 50, bytes: 50e6, plain: time.Second, synced: time.Second, landing: 1100 * time.Millisecond},
		{images: 50, bytes: 50e6, plain: time.Second, synced: time.Second, landing: 1300 * time.Millisecond},
	})
	if len(rounds.Rounds) != 3 || rounds.OverPlain != 1.2 || rounds.OverSynced != 1.1 || rounds.Rounds[0].Landing != 1200 {
		t.Errorf("%+v", rounds)
	}
	var words bytes.Buffer
	landings.print(&words)
	rounds.print(&words)
	for _, want := range []string{"median landing is 5.00 x the floor (bound 3.0 x)", "landing takes 1.20 x plain copying", "1200 ms (  42 MB/s)", "p50   60.00 ms  100 %"} {
		if !strings.Contains(words.String(), want) {
			t.Errorf("nothing of %q in\n%s", want, words.String())
		}
	}
	for _, c := range []struct {
		report benchReport
		met    bool
	}{{benchReport{}, true}, {benchReport{OneByOne: &landings}, false}, {benchReport{AtOnce: &rounds}, true}, {benchReport{&landings, &rounds}, false}} {
		if c.report.met() != c.met {
			t.Errorf("met: %v", !c.met)
		}
	}
}

// The smallest benchmark there is, run.
func TestBenchAsJSON(t *testing.T) {
	t.Parallel()
	var out, errs bytes.Buffer
	code := bench(t.Context(), []string{"-images", "1", "-many", "50", "-rounds", "1", "-size", "20000", "-json"}, nil, &out, &errs)
	var r benchReport
	reads(t, out.String(), &r)
	if r.OneByOne == nil || r.AtOnce == nil || len(r.OneByOne.Parts) != 11 || r.OneByOne.Images != 1 || r.OneByOne.OverFloor <= 0 ||
		len(r.AtOnce.Rounds) != 1 || r.AtOnce.Rounds[0].Images != 50 || r.AtOnce.Rounds[0].Landing <= 0 {
		t.Errorf("%s\n%s", out.String(), errs.String())
	}
	if want := map[bool]int{true: exitDone, false: exitFailed}[r.met()]; code != want {
		t.Errorf("exit code %d, want %d", code, want)
	}
}
