//go:build linux

package main_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/app/apptest"
	"github.com/clinicpro-nz/images/app/config"
	"github.com/clinicpro-nz/images/sync/localcloud/hub"
)

// TestEndToEndEnrolled is IT's whole way with the built programs, as
// docs/operations.md goes it: from an S3 store, a Redis and a realtime service
// with nothing in them to a photo in the practice folder, every key with the
// least rights that work. No secret is in any file of ours, argument,
// environment, log or crash output on the way.
func TestEndToEndEnrolled(t *testing.T) {
	t.Parallel()
	d := newDesk(t, false)
	camera := filepath.Join(d.scratch, "camera")
	photos := writePhotos(t, camera, 1)
	office := t.TempDir() // IT's own machine
	write := func(name string, values map[string]string) string {
		t.Helper()
		var b strings.Builder
		for n, v := range values {
			fmt.Fprintf(&b, "%s=%s\n", n, v)
		}
		path := filepath.Join(office, name)
		if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	read := func(path string) map[string]string {
		t.Helper()
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		out, err := config.ParseEnv(string(text))
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	var heard []string // everything that clinicproctl has said
	ctl := func(want int, stdin string, args ...string) string {
		t.Helper()
		cmd := d.command(filepath.Join(d.bin, "clinicproctl"), args...)
		cmd.Stdin = strings.NewReader(stdin)
		out, err := cmd.CombinedOutput()
		heard = append(heard, string(out))
		if cmd.ProcessState == nil || cmd.ProcessState.ExitCode() != want {
			t.Fatalf("clinicproctl %s: %v\n%s", strings.Join(args, " "), err, out)
		}
		return string(out)
	}

	// Three services with nothing in them, as they are bought.
	store, iam := apptest.Versitygw(t, "", "")
	redisAddr := apptest.RedisServer(t, "--requirepass", "synthetic-redis-admin")
	ably := map[string]string{"gateway": "synapp.gateway:synthetic-ably-gateway", "practice": "synapp.practice:synthetic-ably-practice"}
	gatewayAddr := apptest.FreeAddr(t)
	admin := map[string]string{
		"AWS_ACCESS_KEY_ID": apptest.RootAccess, "AWS_SECRET_ACCESS_KEY": apptest.RootSecret,
		"CLINICPRO_S3_ENDPOINT": "http://" + store, "CLINICPRO_IAM_ENDPOINT": "http://" + iam, "CLINICPRO_S3_ENCRYPT": "off",
		"REDIS_URL": "redis://default:synthetic-redis-admin@" + redisAddr, "CLINICPRO_GATEWAY": "http://" + gatewayAddr,
	}
	from := write("admin.env", admin)

	ctl(3, "", "cloud", "plan", "-from", from)
	ctl(0, "", "cloud", "apply", "-from", from)
	if said := ctl(0, "", "cloud", "apply", "-from", from); !strings.Contains(said, "Nothing had to be changed") {
		t.Errorf("a second apply: %s", said)
	}
	ctl(0, "", "cloud", "check", "-from", from)

	// Ably's console: two keys with the capabilities that are printed.
	capability := func(who ...string) string {
		var g struct{ AblyCapability json.RawMessage }
		if err := json.Unmarshal([]byte(ctl(0, "", append([]string{"cloud", "credentials", "-from", from, "-json"}, who...)...)), &g); err != nil {
			t.Fatal(err)
		}
		return string(g.AblyCapability)
	}
	var keys []hub.Key
	for role, who := range map[string][]string{"gateway": {"-gateway"}, "practice": {"-practice", "hill-road"}} {
		k, err := hub.ParseKey(app.Seal(ably[role]), capability(who...))
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, k)
	}
	realtime := hub.New(hub.Config{Keys: keys})
	console := httptest.NewServer(realtime)
	defer console.Close()
	defer realtime.Close()
	admin["CLINICPRO_ABLY_ENDPOINT"] = console.URL
	from = write("admin.env", admin)

	give := func(role string, who ...string) string {
		t.Helper()
		file := filepath.Join(office, role+".env")
		ctl(0, "", append([]string{"cloud", "credentials", "-from", from, "-out", file}, who...)...)
		if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s holds keys and is %v", file, info.Mode())
		}
		names := read(file)
		names["ABLY_API_KEY"] = ably[strings.Replace(role, "rotated", "practice", 1)]
		return write(role+".env", names)
	}
	gatewayFile, practiceFile := give("gateway", "-gateway"), give("practice", "-practice", "hill-road")

	gateway := d.command(filepath.Join(d.bin, "clinicpro-gateway"))
	gateway.Env = append(slices.Clone(d.env), "CLINICPRO_CONFIG="+gatewayFile, "CLINICPRO_LISTEN="+gatewayAddr)
	start(t, gateway, filepath.Join(d.scratch, "gateway.log"))
	eventually(t, 30*time.Second, func() bool {
		res, err := http.Get("http://" + gatewayAddr + "/readyz")
		if err != nil {
			return false
		}
		_ = res.Body.Close()
		return res.StatusCode == http.StatusOK
	}, func() string { return "the gateway does not get ready" })

	// The installer's policy names the practice; nobody has enrolled yet.
	enrolment := filepath.Join(d.scratch, "hill-road.enrol")
	policy := filepath.Join(d.scratch, "policy.toml")
	autostart := filepath.Join(d.variable("XDG_CONFIG_HOME"), "autostart", "clinicpro-images.desktop")
	if err := os.MkdirAll(filepath.Dir(autostart), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(autostart, []byte("[Desktop Entry]\nType=Application\nName=ClinicPro Images\nExec=/usr/bin/clinicpro-images -hidden\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(policy, []byte("practice = \"hill-road\"\ngateway = \"http://"+gatewayAddr+"\"\nlocal_mode = true\nautostart = false\nsupport = \"Tess, 09 000 0000\"\nenrol_file = \""+enrolment+"\"\nfolder = \""+d.sink+"\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	d.env = append(d.env, "CLINICPRO_POLICY="+policy)
	start(t, d.command(filepath.Join(d.bin, "clinicpro-images"), "-no-window", "-dir", d.data), filepath.Join(d.scratch, "agent.log"))
	eventually(t, 30*time.Second, func() bool {
		raw, err := os.ReadFile(filepath.Join(d.data, "logs", "agent.log"))
		return err == nil && bytes.Contains(raw, []byte("start waits"))
	}, func() string { return "the agent does not wait for its enrolment" })
	if programs := d.programs(); slices.Contains(programs, cloudProgram) || !slices.Contains(programs, agentProgram) {
		t.Errorf("without an enrolment run %q: local mode is no fallback", programs)
	}
	if _, err := os.Stat(autostart); !os.IsNotExist(err) {
		t.Errorf("the policy says that nothing starts at sign-in, and the entry from before is there: %v", err)
	}

	const passphrase = "synthetic correct horse battery"
	private := filepath.Join(office, "recovery.key")
	ctl(0, passphrase+"\n", "enrol", "create", "-from", practiceFile, "-practice", "hill-road", "-practice-name", "Hill Road Test Practice",
		"-recovery-key", private, "-out", enrolment, "-passphrase-stdin")
	if said := ctl(1, "synthetic wrong passphrase\n", "enrol", "apply", "-dir", d.data, "-passphrase-stdin"); !strings.Contains(said, "does not open") {
		t.Errorf("a wrong passphrase: %s", said)
	}
	ctl(0, passphrase+"\n", "enrol", "apply", "-dir", d.data, "-passphrase-stdin")

	// The agent takes it up by itself, in a fresh start, and a photo goes the
	// whole way.
	eventually(t, 60*time.Second, func() bool {
		raw, err := os.ReadFile(filepath.Join(d.data, "logs", "agent.log"))
		return err == nil && bytes.Count(raw, []byte("agent started")) == 2
	}, func() string { return "the agent does not take its enrolment up" })
	term := d.receive(somebody)
	link := term.link()
	if !strings.HasPrefix(link, "http://"+gatewayAddr+"/p/hill-road/") {
		t.Fatalf("the link is for another address: %.60s…", link)
	}
	p := newPhone(t, d.scratch)
	p.open(link)
	p.choose(photos[0])
	p.see(60*time.Second, saysOnComputer)
	term.file(1)
	p.see(60*time.Second, saysSaved)
	checkFiled(t, d.filed()[0])
	if programs := d.programs(); slices.Contains(programs, cloudProgram) {
		t.Errorf("a local cloud runs beside the enrolment: %q", programs)
	}
	if said := ctl(0, "", "doctor", "-dir", d.data); !strings.Contains(said, "Everything works") {
		t.Errorf("the doctor: %s", said)
	}
	ctl(0, "", "credentials", "list")

	d.receiveForPrograms(t, "http://"+gatewayAddr+"/p/hill-road/")

	// The same by hand, for one user, and new keys for old ones.
	plain, err := os.ReadFile(practiceFile)
	if err != nil {
		t.Fatal(err)
	}
	imported := filepath.Join(d.scratch, "imported")
	ctl(0, string(plain), "credentials", "import", "-from", "-", "-practice", "hill-road", "-dir", imported)
	give("rotated", "-practice", "hill-road")
	ctl(0, "", "credentials", "rotate", "-from", filepath.Join(office, "rotated.env"), "-dir", imported)
	ctl(0, "synthetic-ably-replaced\n", "credentials", "set", "ABLY_API_KEY")

	// Nothing secret is anywhere but where it was put.
	secrets := map[string]string{"the administrator's S3 key": apptest.RootSecret, "the administrator's Redis password": "synthetic-redis-admin", "the passphrase": passphrase}
	secrets["the Ably key that was set by itself"] = "synthetic-ably-replaced"
	for _, role := range []string{"gateway", "practice", "rotated"} {
		names := read(filepath.Join(office, role+".env"))
		secrets[role+"'s S3 key"], secrets[role+"'s Ably key"] = names["AWS_SECRET_ACCESS_KEY"], names["ABLY_API_KEY"]
		_, password, _ := strings.Cut(strings.TrimSuffix(names["REDIS_URL"], "@"+redisAddr), "clinicpro-images-")
		_, password, _ = strings.Cut(password, ":")
		secrets[role+"'s Redis password"] = password
	}
	key, err := os.ReadFile(private)
	if err != nil {
		t.Fatal(err)
	}
	_, half, _ := strings.Cut(string(key), "AGE-SECRET-KEY-")
	secrets["the recovery key"] = strings.TrimSpace(half)
	for what, secret := range secrets {
		if len(secret) < 16 {
			t.Fatalf("%s was not read: the search would prove nothing", what)
		}
	}
	// Consoles in the middle of it, with every secret in their memory.
	importing := d.console(t, string(plain), "credentials", "import", "-from", "-", "-practice", "hill-road", "-dir", imported)
	enrolling := d.console(t, passphrase, "enrol", "apply", "-dir", imported, "-passphrase-stdin")
	for _, where := range d.secretsFound(t, secrets, heard) { // processes as they run
		t.Error(where)
	}
	for _, program := range []string{agentProgram, "clinicpro-gateway", "clinicproctl"} {
		for _, proc := range d.processes() {
			if proc.exe == filepath.Join(d.bin, program) {
				_ = syscall.Kill(proc.pid, syscall.SIGABRT) // Go's crash output, with every stack
			}
		}
	}
	crashed := func() string {
		for _, log := range []string{"agent.log", "gateway.log", importing, enrolling} {
			raw, _ := os.ReadFile(filepath.Join(d.scratch, log))
			if !bytes.Contains(raw, []byte("SIGABRT")) {
				return "no crash output to search in " + log
			}
		}
		return ""
	}
	eventually(t, 30*time.Second, func() bool { return crashed() == "" }, crashed)
	for _, where := range d.secretsFound(t, secrets, heard) { // and what they left behind
		t.Error(where)
	}
	// A search that finds nothing proves something only if it finds.
	if err := os.WriteFile(filepath.Join(d.scratch, "planted"), []byte("password="+passphrase), 0o600); err != nil {
		t.Fatal(err)
	}
	if found := d.secretsFound(t, secrets, heard); len(found) != 1 {
		t.Errorf("a planted secret: found %q", found)
	}
}

// receiveForPrograms holds a session as JSON: its link is for the gateway's
// address, it ends at a typed word, and nothing is said of whom it is about.
func (d *desk) receiveForPrograms(t *testing.T, address string) {
	t.Helper()
	patient, lines := filepath.Join(d.scratch, "camera", "next.json"), filepath.Join(d.scratch, "camera", "receive.jsonl")
	if err := os.WriteFile(patient, []byte(somebody), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := d.command(filepath.Join(d.bin, "clinicproctl"), "receive", "-json", "-dir", d.data, "-patient-from", patient)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := os.Create(lines)
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout = out
	exited := start(t, cmd, filepath.Join(d.scratch, "ctl.log"))
	_ = out.Close()
	type state struct{ Event, Session, Phase, Link, Text string }
	var last state
	eventually(t, 60*time.Second, func() bool {
		raw, _ := os.ReadFile(lines)
		for line := range strings.Lines(string(raw)) {
			last = state{}
			if strings.HasSuffix(line, "\n") && json.Unmarshal([]byte(line), &last) != nil {
				t.Fatalf("not a line of JSON: %.80s", line)
			}
		}
		return strings.HasPrefix(last.Link, address) && last.Session != "" && last.Phase == "waiting"
	}, func() string { return fmt.Sprintf("the last line says %+v", last) })
	if _, err := in.Write([]byte("file\nquit\n")); err != nil {
		t.Fatal(err)
	}
	select {
	case <-exited:
	case <-time.After(30 * time.Second):
		t.Fatal("receive -json does not quit")
	}
	raw, err := os.ReadFile(lines)
	if err != nil || !strings.Contains(string(raw), `{"event":"reply","text":`) || strings.Contains(string(raw), patientName) || strings.Contains(string(raw), patientNHI) || strings.Contains(string(raw), "1980") {
		t.Errorf("%v, a patient or no reply in %q", err, raw)
	}
}

// console starts clinicproctl and gives it input without an end, which it has
// read when console returns the name of its log: it goes on waiting for more.
func (d *desk) console(t *testing.T, input string, args ...string) (log string) {
	t.Helper()
	from, to, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = to.Close() })
	cmd := d.command(filepath.Join(d.bin, "clinicproctl"), args...)
	cmd.Stdin = from
	log = "console-" + args[0] + ".log"
	start(t, cmd, filepath.Join(d.scratch, log))
	_ = from.Close()
	if _, err := to.WriteString(input); err != nil {
		t.Fatal(err)
	}
	eventually(t, 30*time.Second, func() bool {
		left, err := unix.IoctlGetInt(int(to.Fd()), unix.TIOCINQ)
		return err == nil && left == 0
	}, func() string { return "clinicproctl " + args[0] + " does not read" })
	return log
}

// secretsFound searches everything this desk has written, the arguments and
// environment of its processes, and what was said, and tells where a secret is.
func (d *desk) secretsFound(t *testing.T, secrets map[string]string, said []string) (found []string) {
	t.Helper()
	searched := 0
	look := func(where string, raw []byte) {
		searched++
		narrow := bytes.ReplaceAll(raw, []byte{0}, nil)
		for what, secret := range secrets {
			if bytes.Contains(raw, []byte(secret)) || bytes.Contains(narrow, []byte(secret)) {
				found = append(found, what+" is in "+where)
			}
		}
	}
	err := filepath.WalkDir(d.scratch, func(path string, e os.DirEntry, err error) error {
		if os.IsNotExist(err) {
			return nil // a temp file that went while we looked
		}
		if err != nil {
			return err
		}
		look("the name of "+path, []byte(path))
		if e.Type().IsRegular() {
			if raw, err := os.ReadFile(path); err == nil {
				look(path, raw)
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	for _, p := range d.processes() {
		look("the arguments of "+p.exe, p.args)
		look("the environment of "+p.exe, p.environ)
	}
	look("what clinicproctl said", []byte(strings.Join(said, "\n")))
	if searched < 40 {
		t.Errorf("only %d places were searched", searched)
	}
	return found
}
