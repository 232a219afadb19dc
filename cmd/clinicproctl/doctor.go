package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/app/config"
	"github.com/clinicpro-nz/images/sync/egress"
	"github.com/clinicpro-nz/images/sync/keyringvault"
	"github.com/clinicpro-nz/images/sync/workstation"
	"github.com/clinicpro-nz/images/ui/text"
)

// verdict is what the doctor says of one step.
type verdict string

const (
	stepFine    verdict = "ok"
	stepNote    verdict = "note"    // works, and could be better
	stepFault   verdict = "fault"   // does not work
	stepSkipped verdict = "skipped" // what it needs does not work
)

// finding is one step of the doctor's and what came of it. Detail holds no
// secret and nothing of a patient.
type finding struct {
	Step    string         `json:"step"`
	Verdict verdict        `json:"verdict"`
	MS      int64          `json:"ms"`
	Detail  string         `json:"detail,omitempty"`
	Fault   text.FaultCode `json:"fault,omitempty"`
	What    string         `json:"what,omitempty"`
	Do      string         `json:"do,omitempty"`
}

// doctor is one visit.
type doctor struct {
	dir   string
	vault app.Vault
	cfg   config.Config
	cloud workstation.Cloud
	way   *egress.Way

	away     map[string]bool // services that were not reached
	show     func(finding)
	findings []finding
	headers  uploadHeaders // of the miniature session's upload
}

// doctorCommand is the command "doctor".
func doctorCommand(ctx context.Context, args []string, _ io.Reader, stdout, stderr io.Writer) int {
	return doctorWith(ctx, keyringvault.New("", 0), args, stdout, stderr)
}

func doctorWith(ctx context.Context, vault app.Vault, args []string, stdout, stderr io.Writer) int {
	fs := flagSet("doctor", stderr)
	dir := fs.String("dir", config.DefaultDir(), "state folder")
	asJSON := fs.Bool("json", false, "answer as JSON")
	if err := fs.Parse(args); err != nil || fs.NArg() > 0 {
		return exitUsage
	}
	began := time.Now()
	d := &doctor{dir: *dir, vault: vault, show: func(f finding) {
		if !*asJSON {
			showFinding(stdout, f)
		}
	}}
	d.visit(ctx)
	faults, notes := 0, 0
	for _, f := range d.findings {
		switch f.Verdict {
		case stepFault:
			faults++
		case stepNote:
			notes++
		}
	}
	took := time.Since(began)
	answer(stdout, *asJSON, map[string]any{"healthy": faults == 0, "ms": took.Milliseconds(), "steps": d.findings}, func(w io.Writer) {
		switch {
		case faults > 0:
			fmt.Fprintf(w, "\n%d of %d steps found a fault, in %.1f s. Begin with the first.\n", faults, len(d.findings), took.Seconds())
		case notes > 0:
			fmt.Fprintf(w, "\nEverything works, from this computer to a filed photo, in %.1f s; %d notes stand above.\n", took.Seconds(), notes)
		default:
			fmt.Fprintf(w, "\nEverything works, from this computer to a filed photo, in %.1f s.\n", took.Seconds())
		}
	})
	if faults > 0 {
		return exitFound
	}
	return exitDone
}

func showFinding(w io.Writer, f finding) {
	mark := map[verdict]string{stepFine: "ok   ", stepNote: "note ", stepFault: "FAULT", stepSkipped: "-    "}[f.Verdict]
	fmt.Fprintf(w, "%s  %-34s %5d ms  %s\n", mark, f.Step, f.MS, f.Detail)
	if f.What != "" {
		fmt.Fprintf(w, "         %s\n         %s\n", f.What, f.Do)
	}
}

// step runs one step and notes it. It reports whether what follows can be
// tried: false after a fault.
func (d *doctor) step(name string, do func() (detail string, code text.FaultCode)) bool {
	began := time.Now()
	detail, code := do()
	f := finding{Step: name, Verdict: stepFine, MS: time.Since(began).Milliseconds(), Detail: detail, Fault: code}
	if code != "" {
		f.Verdict = stepFault
		if onlyNoted[code] {
			f.Verdict = stepNote
		}
		f.What, f.Do = text.Fault(code)
	}
	d.note(f)
	return f.Verdict != stepFault
}

// onlyNoted are faults with which everything works all the same.
var onlyNoted = map[text.FaultCode]bool{
	text.FaultTooWide: true, text.FaultRedisTooWide: true, text.FaultAblyTooWide: true, text.FaultRedisPlain: true,
	text.FaultNotEncrypted: true, text.FaultNoLifecycle: true, text.FaultNoOpenGL: true, text.FaultNoURL: true,
}

func (d *doctor) skip(names ...string) {
	for _, n := range names {
		d.note(finding{Step: n, Verdict: stepSkipped, Detail: "not tried: it needs what failed above"})
	}
}

func (d *doctor) note(f finding) {
	d.findings = append(d.findings, f)
	d.show(f)
}

// visit goes from this workstation to a filed image, in order.
func (d *doctor) visit(ctx context.Context) {
	known := d.step("settings", func() (string, text.FaultCode) {
		var err error
		if d.cfg, err = config.Load(d.dir); err != nil {
			return app.Cause(err), text.FaultSettings
		}
		if d.cfg.Moved() {
			return "", text.FaultMoved
		}
		if !d.cfg.Named() {
			return "", text.FaultNotEnrolled
		}
		if d.way, err = egress.New(d.cfg.Proxy, d.cfg.CAFile); err != nil {
			return app.Cause(err), text.FaultSettings
		}
		d.way.Install()
		return string(d.cfg.Practice) + " by way of " + d.cfg.Gateway, ""
	})
	enrolled := known && d.step("keyring", func() (string, text.FaultCode) {
		var err error
		d.cloud, err = workstation.EnrolledCloud(ctx, d.cfg, d.vault)
		switch app.KindOf(err) {
		case "":
			return "four secrets", ""
		case app.KindNotFound:
			return "", text.FaultNotEnrolled
		case app.KindCorrupt:
			return app.Cause(err), text.FaultSettings
		}
		return "", text.FaultKeyring
	})
	d.local(ctx)
	if !known {
		d.skip("network", "S3", "Redis", "Ably", "gateway", "session in miniature")
		return
	}
	healthy := d.network(ctx)
	defer func() { // last: photos can be taken and filed into the folder without it
		if d.cfg.Record.System != "" && enrolled {
			d.record(ctx)
		}
	}()
	for _, s := range []struct {
		name string
		try  func(context.Context) bool
	}{{"S3", d.s3}, {"Redis", d.redis}, {"Ably", d.ably}, {"gateway", d.gateway}, {"uploads", d.preflight}, {"session in miniature", d.session}} {
		secret := s.name != "gateway"
		if d.away[s.name] || secret && !enrolled || (s.name == "uploads" || s.name == "session in miniature") && !healthy {
			d.skip(s.name)
			healthy = false
			continue
		}
		healthy = s.try(ctx) && healthy
	}
}

const lowSpace = 1 << 30 // bytes

// local tries what is on this computer.
func (d *doctor) local(ctx context.Context) {
	d.step("place for photos", func() (string, text.FaultCode) {
		if err := os.MkdirAll(d.dir, 0o700); err != nil {
			return d.dir, text.FaultSpool
		}
		if err := tryWrite(d.dir); err != nil {
			return d.dir, text.FaultSpool
		}
		free, err := freeBytes(d.dir)
		if err != nil {
			return d.dir, ""
		}
		if free < lowSpace {
			return fmt.Sprintf("%d MB free", free>>20), text.FaultSpace
		}
		return fmt.Sprintf("written and synced; %d GB free", free>>30), ""
	})
	if d.cfg.Named() { // whose folder it is, is not known before
		d.step("folder for filed images", func() (string, text.FaultCode) {
			if d.cfg.Folder != "" {
				return d.cfg.Folder, filedFolder(d.cfg.Folder)
			}
			folder := filepath.Join(d.dir, "filed")
			return "none is set: name one in the policy or the enrolment, or in the first run; until then it is " + folder, filedFolder(folder)
		})
	}
	d.step("links that open the app", func() (string, text.FaultCode) {
		by, found := urlHandler(ctx)
		if !found {
			return "", text.FaultNoURL
		}
		return by, ""
	})
	d.step("OpenGL", func() (string, text.FaultCode) {
		by, found := openGL(ctx)
		if !found {
			return by, text.FaultNoOpenGL
		}
		return by, ""
	})
}

func filedFolder(folder string) text.FaultCode {
	info, err := os.Stat(folder)
	switch {
	case err != nil || !info.IsDir():
		return text.FaultNoFolder
	case tryWrite(folder) != nil:
		return text.FaultFolder
	}
	return ""
}

// tryWrite writes, syncs and removes a file.
func tryWrite(dir string) error {
	f, err := os.CreateTemp(dir, ".clinicpro-try-*")
	if err != nil {
		return err
	}
	_, err = f.WriteString("ClinicPro Images")
	return errors.Join(err, f.Sync(), f.Close(), os.Remove(f.Name()))
}

// first is the first line of text.
func first(text string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	return strings.TrimSpace(line)
}
