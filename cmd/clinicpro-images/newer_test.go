package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/sync/updates"
	"github.com/clinicpro-nz/images/ui/link"
)

func TestNewestProgram(t *testing.T) {
	root := t.TempDir()
	put := func(dir string, programs ...string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Join(root, dir), 0o700); err != nil {
			t.Fatal(err)
		}
		for _, p := range programs {
			if err := os.WriteFile(filepath.Join(root, dir, p+".exe"), []byte("x"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	whole := []string{agentProgram, windowProgram, cloudProgram}
	put("1.9.0", whole...)
	put("1.10.0", agentProgram) // being copied
	put("9.9", whole...)        // no version
	put("bin", whole...)
	at := func(dir string) string { return filepath.Join(root, dir, agentProgram+".exe") }
	for _, c := range []struct{ own, want string }{
		{"1.9.0", "1.9.0"}, {"1.8.3", "1.9.0"}, {"2.0.0", "2.0.0"}, {"bin", "bin"}, {"9.9", "9.9"},
	} {
		if got := newestProgram(at(c.own)); got != at(c.want) {
			t.Errorf("from %s: %s, want %s", c.own, got, c.want)
		}
	}
	put("1.10.0", whole...)
	if got := newestProgram(at("1.9.0")); got != at("1.10.0") {
		t.Errorf("complete: %s", got)
	}
	if err := os.WriteFile(at("1.10.0"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if got := newestProgram(at("1.9.0")); got != at("1.9.0") {
		t.Errorf("an empty program was taken: %s", got)
	}
}

func TestTakeOver(t *testing.T) {
	for _, c := range []struct{ args, after, rest string }{
		{"-after update -hidden -dir x", "update", "-hidden -dir x"},
		{"-hidden=true -after=crash -dir=x", "crash", "-hidden=true -dir=x"},
		{"-hidden", "", "-hidden"},
	} {
		if after, rest := takeOver(strings.Fields(c.args)); after != c.after || strings.Join(rest, " ") != c.rest {
			t.Errorf("%s: %q, %q", c.args, after, rest)
		}
	}
}

// A restart into a newer version waits for whatever somebody would notice.
func TestUndisturbed(t *testing.T) {
	session := func(stage app.Stage, image app.ImageState, filing bool) app.State {
		row := app.Row{State: app.SessionPaired}
		if stage == app.StageSettled {
			row.State = app.SessionClosed
		}
		s := app.Session{ID: "s", Stage: stage, Row: row, Images: map[app.ImageID]app.Image{"i": {State: image, Filing: filing}}}
		return app.State{Current: "s", Sessions: map[app.SessionID]app.Session{"s": s}}
	}
	for _, c := range []struct {
		name  string
		st    app.State
		open  bool
		draft link.Draft
		want  bool
	}{
		{"nothing", app.State{}, false, link.Draft{}, true},
		{"an empty window", app.State{}, true, link.Draft{}, true},
		{"half a form", app.State{}, true, link.Draft{Name: "Z"}, false},
		{"an open session", session(app.StageLive, app.ImageFiled, false), false, link.Draft{}, false},
		{"in review", session(app.StageSettled, app.ImageLanded, false), true, link.Draft{}, false},
		{"not filed, no window", session(app.StageSettled, app.ImageLanded, false), false, link.Draft{}, true},
		{"being filed", session(app.StageSettled, app.ImageLanded, true), false, link.Draft{}, false},
		{"filed and on show", session(app.StageSettled, app.ImageFiled, false), true, link.Draft{}, true},
	} {
		a := &agent{screens: &screens{wanted: c.open}, state: c.st, draft: c.draft}
		if got := a.undisturbed(); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

func TestOnlyANewerReleaseIsTold(t *testing.T) {
	for version, want := range map[string]int{"1.1.9": 0, "1.2.0": 0, "1.10.0": 1, "": 0} {
		if got := advice(updates.Release{Version: version}, "1.2.0"); len(got) != want {
			t.Errorf("%q: %+v", version, got)
		}
	}
}
