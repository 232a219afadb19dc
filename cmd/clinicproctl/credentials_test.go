package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/app/apptest"
	"github.com/clinicpro-nz/images/app/config"
)

// TestCredentials goes through a secret's whole life on real services: refused
// and then taken, listed, replaced by a new one, the old one ended, removed.
// Nothing that is said holds one.
func TestCredentials(t *testing.T) {
	r, _, _ := enrolledRig(t)
	vault, state := &apptest.FakeVault{}, t.TempDir()
	var everything strings.Builder
	do := func(command func(context.Context, app.Vault, []string, io.Reader, io.Writer, io.Writer) int, stdin string, args ...string) said {
		t.Helper()
		var out, errs bytes.Buffer
		code := command(t.Context(), vault, args, strings.NewReader(stdin), &out, &errs)
		everything.WriteString(out.String() + errs.String())
		return said{code, out.String(), errs.String()}
	}
	stored := func(name string) string {
		secret, _ := vault.Get(t.Context(), name)
		return secret.Reveal()
	}
	file := filepath.Join(r.dir, ours+".env")
	good := r.readNames(file)

	// One wrong secret, and nothing is stored.
	bad := r.readNames(file)
	bad["AWS_SECRET_ACCESS_KEY"] = "synthetic-but-wrong"
	do(credentialsImport, "", "-from", r.names("bad.env", bad), "-practice", ours, "-dir", state).wants(t, exitFound, "not the one of this access key", "Nothing was stored")
	if stored(config.SecretRedis) != "" {
		t.Error("something was stored all the same")
	}
	delete(bad, "ABLY_API_KEY")
	do(credentialsImport, "", "-from", r.names("bad.env", bad), "-practice", ours, "-dir", state).wants(t, exitFailed, "Not given: ABLY_API_KEY.")
	if err := os.Chmod(file, 0o644); err != nil {
		t.Fatal(err)
	}
	do(credentialsImport, "", "-from", file, "-practice", ours, "-dir", state).wants(t, exitFailed, "can be read by others")
	do(credentialsList, "").wants(t, exitFound, "missing")

	// The good ones, by standard input.
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	do(credentialsImport, string(text), "-from", "-", "-practice", ours, "-dir", state).wants(t, exitDone, "Delete now")
	do(credentialsList, "").wants(t, exitDone, "stored")
	if code, _, _ := visit(t, vault, withFolder(t, state)); code != exitDone {
		t.Errorf("the doctor after an import: %d", code)
	}

	// New keys beside the old ones, then the old ones ended.
	fresh := filepath.Join(r.dir, "fresh.env")
	r.ctl("", "cloud", "credentials", "-from", r.admin, "-practice", ours, "-out", fresh).wants(t, exitDone, "earlier keys still work")
	r.ctl("", "cloud", "credentials", "-from", r.admin, "-practice", ours, "-out", filepath.Join(r.dir, "third.env")).wants(t, exitFailed, "two keys already")
	n := r.readNames(fresh)
	half := "AWS_ACCESS_KEY_ID=" + n["AWS_ACCESS_KEY_ID"] + "\n"
	do(credentialsRotate, half, "-dir", state).wants(t, exitFailed, "belong together")
	do(credentialsRotate, half+"AWS_SECRET_ACCESS_KEY="+good["AWS_SECRET_ACCESS_KEY"]+"\n", "-dir", state).wants(t, exitFound, "Nothing was stored")
	if stored(config.SecretS3Key) != good["AWS_ACCESS_KEY_ID"] {
		t.Error("a rotation that failed changed something")
	}
	do(credentialsRotate, half+"AWS_SECRET_ACCESS_KEY="+n["AWS_SECRET_ACCESS_KEY"]+"\nREDIS_URL="+n["REDIS_URL"]+"\n", "-dir", state).
		wants(t, exitDone, "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, REDIS_URL", good["AWS_ACCESS_KEY_ID"][len(good["AWS_ACCESS_KEY_ID"])-4:])
	r.ctl("", "cloud", "credentials", "-from", r.admin, "-practice", ours, "-finish").wants(t, exitDone, "1 older access keys and 1 older Redis passwords")
	if code, findings, _ := visit(t, vault, state); code != exitDone {
		t.Errorf("the doctor after a rotation: %d %+v", code, findings)
	}
	old := &apptest.FakeVault{}
	for name, secret := range names {
		if err := old.Set(t.Context(), secret, app.Seal(good[name])); err != nil {
			t.Fatal(err)
		}
	}
	if code, _, _ := visit(t, old, state); code != exitFound {
		t.Error("the ended keys still work")
	}

	do(credentialsSet, "synthetic-replaced\n", "ABLY_API_KEY").wants(t, exitDone, "was not tried")
	do(credentialsSet, "x", "SECRET").wants(t, exitUsage)
	do(credentialsRemove, "", "ABLY_API_KEY").wants(t, exitDone, "They still work elsewhere")
	do(credentialsRemove, "", "-all", "-dir", state).wants(t, exitDone)
	do(credentialsList, "").wants(t, exitFound)
	if _, err := os.Stat(filepath.Join(state, config.EnrolmentFile)); !os.IsNotExist(err) {
		t.Error("the enrolment's settings are still there")
	}
	vault.Lock(true)
	do(credentialsList, "").wants(t, exitFailed, "keyring does not answer")
	do(credentialsSet, "x\n", "ABLY_API_KEY").wants(t, exitFailed, "keyring does not answer")

	for _, secret := range []string{good["AWS_SECRET_ACCESS_KEY"], good["ABLY_API_KEY"], n["AWS_SECRET_ACCESS_KEY"], password(n["REDIS_URL"]), password(good["REDIS_URL"])} {
		if len(secret) < 16 || strings.Contains(everything.String(), secret) {
			t.Errorf("a secret of %d characters was said", len(secret))
		}
	}
}

// password is that of a Redis address.
func password(url string) string {
	user, _, _ := strings.Cut(strings.TrimPrefix(url, "rediss://"), "@")
	_, pass, _ := strings.Cut(user, ":")
	return pass
}

// withFolder makes the folder for filed images below a state folder.
func withFolder(t *testing.T, state string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Join(state, "filed"), 0o700); err != nil {
		t.Fatal(err)
	}
	return state
}

func init() { sealWork = 10 }

// TestEnrol makes an enrolment file and applies it, as IT and a logon script do.
func TestEnrol(t *testing.T) {
	r, _, _ := enrolledRig(t)
	station, out, key := filepath.Join(r.dir, ours+".env"), filepath.Join(r.dir, "hill-road.enrol"), filepath.Join(r.dir, "recovery.key")
	create := func(stdin string, more ...string) said {
		return r.ctl(stdin, append([]string{"enrol", "create", "-from", station, "-practice", ours, "-passphrase-stdin"}, more...)...)
	}
	create("x\n", "-out", out).wants(t, exitUsage, "-recovery-key")
	create("too short\n", "-out", out, "-recovery-key", key).wants(t, exitFailed, "fewer than 12 characters")
	create("synthetic long passphrase\n", "-out", out, "-recovery", "age1nonsense").wants(t, exitFailed, "public half")
	made := create("synthetic long passphrase\n", "-out", out, "-recovery-key", key).wants(t, exitDone, "two USB sticks", "-recovery age1")
	create("synthetic long passphrase\n", "-out", out, "-recovery-key", key+"2").wants(t, exitFailed, "is there already")
	private, err := os.ReadFile(key)
	if err != nil || !strings.Contains(string(private), "AGE-SECRET-KEY-1") || strings.Contains(made.out+made.err, "AGE-SECRET-KEY-1") {
		t.Errorf("the private half: %v", err)
	}

	vault, state := &apptest.FakeVault{}, filepath.Join(r.dir, "enrolled")
	apply := func(stdin string, args ...string) said {
		var o, e bytes.Buffer
		return said{enrolApplyWith(t.Context(), vault, append([]string{"-dir", state, "-passphrase-stdin"}, args...), strings.NewReader(stdin), &o, &e), o.String(), e.String()}
	}
	apply("synthetic long passphrase\n").wants(t, exitUsage, "Which enrolment file?")
	apply("synthetic wrong passphrase\n", out).wants(t, exitFailed, "does not open")
	apply("synthetic long passphrase\n", out+".none").wants(t, exitFailed, "cannot be read")
	apply("synthetic long passphrase\n", station).wants(t, exitFailed, "not an enrolment file")
	apply("synthetic long passphrase\n", out).wants(t, exitDone, "enrolled with "+ours)
	cfg, err := config.Load(state)
	if err != nil || cfg.Practice != ours || cfg.Recovery.Age() == nil || !strings.Contains(string(private), "# ClinicPro Images") {
		t.Errorf("%+v, %v", cfg, err)
	}
	if code, findings, _ := visit(t, vault, withFolder(t, state)); code != exitDone {
		t.Errorf("the doctor: %d %+v", code, findings)
	}
}
