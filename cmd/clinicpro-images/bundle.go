package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/app/config"
	"github.com/clinicpro-nz/images/ui/link"
	"github.com/clinicpro-nz/images/ui/text"
)

// bundleLog bounds how much of the log's end the diagnostics hold, in bytes.
const bundleLog = 96 << 10

// diagnose makes the diagnostics and shows them. They are made of fields
// chosen here and of the log, which holds allowed keys only; no patient, no
// secret and no path of a user's is among them.
func (a *agent) diagnose() {
	a.mu.Lock()
	cfg, st, lights := a.cfg, a.state, a.prefs.lights
	autostart := a.prefs.autostart
	a.mu.Unlock()
	var b bytes.Buffer
	line := func(name string, value any) { fmt.Fprintf(&b, "%-24s %v\n", name, value) }
	fmt.Fprintf(&b, "ClinicPro Images: diagnostics\nNo patient and no password is in this file.\n\n")
	line("made", time.Now().Format(time.RFC3339))
	line("version", link.Build())
	line("system", runtime.GOOS+"/"+runtime.GOARCH)
	line("local mode", a.o.local)
	line("practice", cfg.Practice)
	line("gateway", cfg.Gateway)
	line("region, bucket", cfg.Region+", "+cfg.Bucket)
	line("own folder chosen", cfg.Folder != filepath.Join(a.o.dir, "filed"))
	line("retention, days", cfg.RetentionDays)
	line("time zone", cfg.TimeZone)
	line("recovery key", cfg.Recovery != config.Recipient{})
	line("consent asked", cfg.Phone.Consent)
	line("details asked", fmt.Sprint(cfg.Phone.Require))
	line("photo target, kB", cfg.Phone.Target)
	line("starts at sign-in", autostart)
	line("language", cfg.Desktop.Language)
	fmt.Fprintf(&b, "\nconnections, when they were last checked\n")
	for _, l := range lights {
		line("  "+string(l.Part), string(l.State)+" "+time.UnixMilli(l.At).Format(time.RFC3339)+" "+l.Reason.What)
	}
	images := map[app.ImageState]int{}
	for _, s := range st.Sessions {
		for _, im := range s.Images {
			images[im.State]++
		}
	}
	fmt.Fprintf(&b, "\nwhat is on this computer\n")
	line("  sessions", len(st.Sessions))
	for _, state := range []app.ImageState{app.ImageReserved, app.ImageStored, app.ImageLanded, app.ImageFiled, app.ImageRetracted,
		app.ImageDiscarded, app.ImageUnconfirmed, app.ImageQuarantined} {
		line("  photos "+string(state), images[state])
	}
	for area, kind := range st.Trouble {
		line("  trouble: "+string(area), kind)
	}
	fmt.Fprintf(&b, "\nlog\n")
	b.Write(logEnd(filepath.Join(a.o.dir, "logs", "agent.log")))
	a.mu.Lock()
	a.prefs.bundle, a.prefs.refused = &link.Bundle{Text: b.String()}, ""
	a.mu.Unlock()
	a.refresh()
}

// logEnd is the end of a log, whole lines, at most bundleLog bytes.
func logEnd(path string) []byte {
	f, err := os.Open(path)
	if err != nil {
		return nil
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil
	}
	from := max(info.Size()-bundleLog, 0)
	out := make([]byte, info.Size()-from)
	n, _ := f.ReadAt(out, from)
	out = out[:n]
	if from > 0 {
		_, out, _ = bytes.Cut(out, []byte("\n"))
	}
	return out
}

// saveBundle writes the diagnostics that were looked at, byte for byte.
func (a *agent) saveBundle() {
	a.mu.Lock()
	bundle := a.prefs.bundle
	a.mu.Unlock()
	if bundle == nil {
		return
	}
	dir, err := os.UserHomeDir()
	if err != nil {
		dir = a.o.dir
	}
	path := filepath.Join(dir, "clinicpro-images-diagnostics-"+time.Now().Format("20060102-150405")+".txt")
	err = os.WriteFile(path, []byte(bundle.Text), 0o600)
	a.mu.Lock()
	if err != nil {
		a.prefs.refused = text.RefusedBundle
	} else {
		a.prefs.refused, a.prefs.bundle = "", &link.Bundle{Text: bundle.Text, Saved: path}
	}
	a.mu.Unlock()
	a.refresh()
}
