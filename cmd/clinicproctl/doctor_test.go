package main

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/clinicpro-nz/images/app/apptest"
)

// visit runs the doctor and reads its answer.
func visit(t *testing.T, vault *apptest.FakeVault, state string) (code int, findings []finding, ms int64) {
	t.Helper()
	var out, errs bytes.Buffer
	code = doctorWith(t.Context(), vault, []string{"-dir", state, "-json"}, &out, &errs)
	var read struct {
		MS    int64
		Steps []finding
	}
	if err := json.Unmarshal(out.Bytes(), &read); err != nil {
		t.Fatalf("%v: %s %s", err, out.String(), errs.String())
	}
	return code, read.Steps, read.MS
}

func TestDoctorOnAHealthySetUp(t *testing.T) {
	_, vault, state := enrolledRig(t)
	code, findings, ms := visit(t, vault, state)
	for _, f := range findings {
		t.Logf("%-5s %-34s %5d ms  %s %s", f.Verdict, f.Step, f.MS, f.Detail, f.Fault)
	}
	if code != exitDone {
		t.Errorf("exit code %d", code)
	}
	t.Logf("in %d ms", ms)
}
