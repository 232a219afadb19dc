package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/app/apptest"
	"github.com/clinicpro-nz/images/app/audit"
	"github.com/clinicpro-nz/images/app/config"
	"github.com/clinicpro-nz/images/sync/keyringvault"
)

// noteTrail writes a trail: three lines about one patient, one about another
// without an NHI, in two months.
func noteTrail(t *testing.T, vault app.Vault, dir string) {
	t.Helper()
	tr, _, err := audit.Open(t.Context(), audit.Options{Dir: dir, Vault: vault, Key: config.SecretAuditHMAC, Head: config.SecretAuditHead,
		Who: "gp", Now: func() time.Time { return apptest.AuditTime }})
	if err != nil {
		t.Fatal(err)
	}
	for n, e := range []app.AuditEvent{app.AuditLanded, app.AuditIntent, app.AuditFiled, app.AuditLanded} {
		entry := apptest.AuditEntry(n, e)
		if n == 2 {
			entry.Receipt = "=1+1"
		}
		if n == 3 {
			entry.At, entry.Server = entry.At.AddDate(0, 1, 0), time.Time{}
			entry.Patient = app.Patient{Name: app.Seal("Wiremu Testperson"), BirthDate: app.Seal("1980-02-03")}
		}
		if err := tr.Note(t.Context(), entry); err != nil {
			t.Fatal(err)
		}
	}
	if err := tr.Close(); err != nil {
		t.Fatal(err)
	}
}

// audited runs the command on a fake keyring.
func audited(t *testing.T, vault app.Vault, dir, input string, args ...string) (code int, out, errs string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code = auditWith(t.Context(), vault, append(args, "-dir", dir), strings.NewReader(input), &stdout, &stderr)
	return code, stdout.String(), stderr.String()
}

func TestAuditVerify(t *testing.T) {
	vault, dir := new(apptest.FakeVault), t.TempDir()
	if code, out, _ := audited(t, vault, dir, "", "verify"); code != exitDone || !strings.Contains(out, "no audit trail") {
		t.Errorf("none yet: %d %s", code, out)
	}
	noteTrail(t, vault, dir)
	code, out, _ := audited(t, vault, dir, "", "verify")
	for _, want := range []string{"is sound", "files: 2", "as they were written: 5", "23 November 2026 10:15:00 +13:00", "line number 5", "proved by"} {
		if code != exitDone || !strings.Contains(out, want) {
			t.Errorf("%d, no %q in\n%s", code, want, out)
		}
	}
	noteTrail(t, vault, filepath.Join(dir, "spool-2-trail"))
	path := filepath.Join(dir, "spool-2-trail", audit.Folder, "audit-2026-11.jsonl")
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	cut := bytes.LastIndexByte(whole[:len(whole)-1], '\n') + 1
	for _, c := range []struct {
		what string
		file []byte
	}{
		{"line 2: changed", bytes.Replace(whole, []byte("image-landed"), []byte("image-filed!"), 1)},
		{"audit-2026-12.jsonl, line 1: mis", whole[:cut]}, // the last: what follows looks at it
	} {
		if err := os.WriteFile(path, c.file, 0o600); err != nil {
			t.Fatal(err)
		}
		if code, out, _ := audited(t, vault, dir, "", "verify"); code != exitFailed || !strings.Contains(out, "NOT sound") || !strings.Contains(out, c.what) {
			t.Errorf("%s: %d\n%s", c.what, code, out)
		}
	}
	code, out, _ = audited(t, vault, dir, "", "verify", "-json")
	var all []struct {
		Sound  bool
		Anchor int
		Faults []audit.Fault
	}
	if err := json.Unmarshal([]byte(out), &all); err != nil || code != exitFailed || len(all) != 2 || !all[0].Sound || all[1].Sound ||
		all[1].Anchor != 5 || all[1].Faults[0].Kind != audit.FaultMissing {
		t.Errorf("%d %v\n%s", code, err, out)
	}
	if code, out, _ := audited(t, new(apptest.FakeVault), dir, "", "verify"); code != exitFailed || !strings.Contains(out, "holds no audit key") {
		t.Errorf("no key: %d\n%s", code, out)
	}
	vault.Lock(true)
	if code, _, errs := audited(t, vault, dir, "", "verify"); code != exitFailed || !strings.Contains(errs, "locked") {
		t.Errorf("locked: %d %s", code, errs)
	}
}

func TestAuditUsage(t *testing.T) {
	vault, dir := new(apptest.FakeVault), t.TempDir()
	for _, args := range [][]string{
		{}, {"burn"}, {"verify", "-nonsense"}, {"verify", "more"}, {"export"}, {"search", "-from", "yesterday"},
		{"search", "-nhi", "ZZZ0016"}, {"search", "-name", "Aroha"}, {"search", "-nhi", "-", "-name", "-"},
	} {
		var errs bytes.Buffer
		if code := auditWith(t.Context(), vault, args, strings.NewReader("ZZZ0016\n"), io.Discard, &errs); code != exitUsage || errs.Len() == 0 || strings.Contains(errs.String(), "ZZZ0016") {
			t.Errorf("%q: %d %s", args, code, errs.String())
		}
	}
	for _, input := range []string{"", "ZZZ0017\n", "ZZZOO16\n"} {
		if code, _, errs := audited(t, vault, dir, input, "search", "-nhi", "-"); code != exitUsage || !strings.Contains(errs, "not an NHI") {
			t.Errorf("%q: %d %s", input, code, errs)
		}
	}
}

func TestAuditSearch(t *testing.T) {
	vault, dir := new(apptest.FakeVault), t.TempDir()
	noteTrail(t, vault, dir)
	for _, c := range []struct {
		input string
		args  []string
		want  []int64
	}{
		{"", nil, []int64{1, 2, 3, 4, 5}},
		{" zzz0016", []string{"-nhi", "-"}, []int64{2, 3, 4}},
		{"ZZZ0024\n", []string{"-nhi", "-"}, nil},
		{"wiremu testperson\n1980-02-03\n", []string{"-name", "-"}, []int64{5}},
		{"ZZZ0016\n", []string{"-nhi", "-", "-event", "image-filed"}, []int64{4}},
		{"", []string{"-sid", string(apptest.AuditEntry(1, "").SID)}, []int64{3}},
		{"", []string{"-from", "2026-12-01T00:00:00+13:00"}, []int64{5}},
		{"", []string{"-to", "2026-11-23T10:15:01+13:00"}, []int64{1, 2}},
	} {
		code, out, errs := audited(t, vault, dir, c.input, append([]string{"search", "-json"}, c.args...)...)
		var answer struct {
			Sound bool
			Lines []audit.Line
		}
		if err := json.Unmarshal([]byte(out), &answer); err != nil || code != exitDone || !answer.Sound {
			t.Fatalf("%q: %d %v %s", c.args, code, err, errs)
		}
		var got []int64
		for _, l := range answer.Lines {
			got = append(got, l.Seq)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%q: %v, want %v", c.args, got, c.want)
		}
	}
	code, out, _ := audited(t, vault, dir, "ZZZ0016\n", "search", "-nhi", "-")
	if code != exitDone || strings.Count(out, "\n") != 4 || !strings.Contains(out, "filing-begun") || strings.Contains(out, "ZZZ0016") {
		t.Errorf("%d\n%s", code, out)
	}
	if _, out, _ := audited(t, vault, dir, "", "search", "-event", "none"); out != "No line fits.\n" {
		t.Error(out)
	}
}

func TestAuditExport(t *testing.T) {
	vault, dir := new(apptest.FakeVault), t.TempDir()
	noteTrail(t, vault, dir)
	target := func(name string) string { return filepath.Join(t.TempDir(), name) }

	file := target("trail.csv")
	if code, out, errs := audited(t, vault, dir, "", "export", "-out", file); code != exitDone || !strings.Contains(out, "Exported 5 lines") {
		t.Fatalf("%d %s %s", code, out, errs)
	}
	if st, err := os.Stat(file); err != nil || runtime.GOOS != "windows" && st.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", st.Mode(), err)
	}
	first, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(bytes.NewReader(first)).ReadAll()
	if err != nil || len(rows) != 7 || rows[4][13] != "'=1+1" || rows[6][0] != "summary" || rows[6][17] != rows[5][17] || len(rows[5][17]) != 64 {
		t.Errorf("%v %q", err, rows)
	}
	if code, _, errs := audited(t, vault, dir, "", "export", "-out", file); code != exitFailed || !strings.Contains(errs, "not touched") {
		t.Errorf("over a file: %d %s", code, errs)
	}
	if again, err := os.ReadFile(file); err != nil || !bytes.Equal(again, first) {
		t.Error("it was touched")
	}

	file = target("trail.jsonl")
	audited(t, vault, dir, "", "export", "-json", "-to", "2026-11-30", "-out", file)
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, audit.Folder, "audit-2026-11.jsonl")
	november, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	rest, verbatim := bytes.CutPrefix(got, november)
	var end struct{ Summary auditSummary }
	if err := json.Unmarshal(rest, &end); err != nil || !verbatim || end.Summary.Exported != 4 || end.Summary.Lines != 5 || end.Summary.Seq != 5 || !end.Summary.Sound {
		t.Errorf("%v %v %+v", verbatim, err, end)
	}

	if err := os.WriteFile(path, bytes.Replace(november, []byte("image-landed"), []byte("image-filed!"), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, format := range []string{"-json=true", "-json=false"} {
		file = target("broken")
		code, _, errs := audited(t, vault, dir, "", "export", format, "-out", file)
		text, err := os.ReadFile(file)
		if err != nil || code != exitFailed || !strings.Contains(errs, "not sound") {
			t.Errorf("%v %d %s", err, code, errs)
		}
		if format == "-json=false" {
			if rows, err := csv.NewReader(bytes.NewReader(text)).ReadAll(); err != nil || rows[2][0] != "no" || rows[6][14] != "sound false" {
				t.Errorf("%v %q", err, rows)
			}
		} else if !bytes.Contains(text, []byte(`{"untrue":{`)) || !bytes.Contains(text, []byte(`"sound":false`)) {
			t.Errorf("%s", text)
		}
	}
	if code, _, errs := audited(t, vault, dir, "", "export", "-out", filepath.Join(dir, "none", "x")); code != exitFailed || !strings.Contains(errs, "cannot be made") {
		t.Errorf("%d %s", code, errs)
	}
}

const auditInside = "AUDIT_TEST_INSIDE"

// With gnome-keyring on a message bus of its own: written, and verified by
// the command as a person starts it.
func TestAuditWithRealKeyring(t *testing.T) {
	if runtime.GOOS == "linux" && os.Getenv(auditInside) == "" {
		self, err := os.Executable()
		if err != nil {
			t.Fatal(err)
		}
		home := t.TempDir()
		if err := os.Mkdir(filepath.Join(home, "run"), 0o700); err != nil {
			t.Fatal(err)
		}
		c := exec.CommandContext(t.Context(), "dbus-run-session", "--", "sh", "-c",
			`eval "$(printf pw | gnome-keyring-daemon --unlock --components=secrets)"; exec "$0" -test.run='^TestAuditWithRealKeyring$' -test.v`, self)
		c.Env = append(os.Environ(), auditInside+"=yes", "XDG_DATA_HOME="+home, "XDG_RUNTIME_DIR="+filepath.Join(home, "run"), "HOME="+home)
		c.WaitDelay = 5 * time.Second
		if out, err := c.CombinedOutput(); err != nil || !strings.Contains(string(out), "--- PASS: TestAuditWithRealKeyring") {
			t.Fatalf("%v\n%s", err, out)
		}
		return
	}
	dir := t.TempDir()
	noteTrail(t, keyringvault.New("", 0), dir)
	verify := func() (int, string) {
		var out, errs bytes.Buffer
		code := run(t.Context(), []string{"audit", "verify", "-dir", dir}, strings.NewReader(""), &out, &errs)
		return code, out.String() + errs.String()
	}
	if code, out := verify(); code != exitDone || !strings.Contains(out, "is sound") || !strings.Contains(out, "end: proved by the password store\n") {
		t.Errorf("%d\n%s", code, out)
	}
	if err := os.Remove(filepath.Join(dir, audit.Folder, "audit-2026-12.jsonl")); err != nil {
		t.Fatal(err)
	}
	if code, out := verify(); code != exitFailed || !strings.Contains(out, "audit-2026-11.jsonl: truncated; line number 5 is gone") {
		t.Errorf("%d\n%s", code, out)
	}
}
