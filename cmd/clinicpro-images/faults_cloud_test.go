//go:build linux

package main_test

import (
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/app/apptest"
	"github.com/clinicpro-nz/images/app/config"
	"github.com/clinicpro-nz/images/sync/s3objects"
)

const (
	faultPractice = app.Practice("fault-practice")
	faultBucket   = "clinicpro-images-temp"
	faultRegion   = "ap-southeast-2"
	storeAccess   = "synthetic"
	storeSecret   = "synthetic-secret"
	publishKey    = "fault.publish:synthetic"
	listenKey     = "fault.listen:synthetic"
)

// program is one server as a process of its own, at an address that it keeps
// over restarts.
type program struct {
	t       testing.TB
	addr    string
	log     string
	command func() *exec.Cmd
	answers func() bool   // it serves
	skew    time.Duration // its clock's, at every start
	pid     int
	gone    <-chan struct{}
}

// start runs it until it serves.
func (p *program) start() {
	p.t.Helper()
	p.launch()
	eventually(p.t, 20*time.Second, p.answers, func() string { return "it does not serve: " + p.log })
}

// launch runs it and does not wait.
func (p *program) launch() {
	p.t.Helper()
	cmd := p.command()
	p.gone = start(p.t, cmd, p.log)
	p.pid = cmd.Process.Pid
	if p.skew != 0 {
		shiftClock(p.t, p.pid, p.skew)
	}
}

func (p *program) lives() bool {
	select {
	case <-p.gone:
		return false
	default:
		return true
	}
}

func (p *program) signal(sig syscall.Signal) {
	p.t.Helper()
	if err := syscall.Kill(p.pid, sig); err != nil {
		p.t.Fatal(err)
	}
}

// kill ends it as a power cut would, and waits until it is gone.
func (p *program) kill() {
	p.t.Helper()
	p.signal(syscall.SIGKILL)
	<-p.gone
}

// stall stops it where it stands; go on with wake.
func (p *program) stall() { p.signal(syscall.SIGSTOP) }
func (p *program) wake()  { p.signal(syscall.SIGCONT) }

// shift moves its clock, now and after every restart.
func (p *program) shift(by time.Duration) {
	p.skew = by
	shiftClock(p.t, p.pid, by)
}

// cloud is every service as a process of its own, and a wire from each user
// to each service.
type cloud struct {
	t                          testing.TB
	dir                        string
	redis, store, hub, gateway *program

	agentRedis, agentStore, agentHub       *wire
	gatewayRedis, gatewayStore, gatewayHub *wire
	phoneGateway, phoneStore               *wire

	fetched, uploaded, hinted *bender // agent to S3, phone to S3, gateway to hub
}

func newCloud(t testing.TB, dir string) *cloud {
	t.Helper()
	c := &cloud{t: t, dir: dir}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	versitygw := os.Getenv("CLINICPRO_VERSITYGW")
	if versitygw == "" {
		t.Fatal("CLINICPRO_VERSITYGW must name versitygw's own program: run this test with make e2e")
	}
	objects := filepath.Join(dir, "s3")
	if err := os.MkdirAll(filepath.Join(objects, faultBucket), 0o700); err != nil {
		t.Fatal(err)
	}
	c.redis = c.program("redis", func(host, port string) *exec.Cmd {
		return c.with()("redis-server", "--port", port, "--bind", host, "--save", "", "--appendonly", "no", "--dir", dir)
	})
	c.store = c.program("versitygw", func(host, port string) *exec.Cmd {
		return c.with()(versitygw, "--port", host+":"+port, "--access", storeAccess, "--secret", storeSecret,
			"--region", faultRegion, "--cors-allow-origin", "*", "--keep-alive", "--quiet", "posix", objects)
	})
	c.hub = c.program("hub", func(host, port string) *exec.Cmd {
		return c.with(roleVar+"=hub")(self, host+":"+port, publishKey, listenKey)
	})
	for _, p := range []*program{c.redis, c.store, c.hub} {
		p.start()
	}
	c.fetched, c.uploaded, c.hinted = newBender(t, c.store.addr), newBender(t, c.store.addr), newBender(t, c.hub.addr)
	c.agentRedis, c.agentStore, c.agentHub = newWire(t, c.redis.addr), newWire(t, c.fetched.addr), newWire(t, c.hub.addr)
	c.gatewayRedis, c.gatewayStore, c.gatewayHub = newWire(t, c.redis.addr), newWire(t, c.store.addr), newWire(t, c.hinted.addr)
	c.phoneStore = newWire(t, c.uploaded.addr)
	c.gateway = c.newGateway("gateway")
	c.gateway.start()
	c.phoneGateway = newWire(t, c.gateway.addr)
	return c
}

// with runs a program in the cloud's folder, with more in its environment.
func (c *cloud) with(more ...string) func(name string, args ...string) *exec.Cmd {
	return func(name string, args ...string) *exec.Cmd {
		cmd := exec.Command(name, args...)
		cmd.Dir = c.dir
		cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "LANG=C.UTF-8", "HOME=" + c.dir, "TMPDIR=" + c.dir}, more...)
		return cmd
	}
}

// newGateway is a copy of the gateway, not yet started: it holds no state, so
// there may be several.
func (c *cloud) newGateway(name string) *program {
	bin := os.Getenv("CLINICPRO_BIN")
	p := c.program(name, func(host, port string) *exec.Cmd {
		return c.with("CLINICPRO_LISTEN="+host+":"+port, "AWS_REGION="+faultRegion, "S3_BUCKET_NAME="+faultBucket,
			"AWS_ACCESS_KEY_ID="+storeAccess, "AWS_SECRET_ACCESS_KEY="+storeSecret, "CLINICPRO_S3_ENCRYPT=off",
			"CLINICPRO_S3_ENDPOINT=http://"+c.gatewayStore.addr(), "CLINICPRO_S3_PUBLIC_ENDPOINT=http://"+c.phoneStore.addr(),
			"REDIS_URL=redis://"+c.gatewayRedis.addr()+"/0", "ABLY_API_KEY="+publishKey,
			"CLINICPRO_ABLY_ENDPOINT=http://"+c.gatewayHub.addr())(filepath.Join(bin, "clinicpro-gateway"))
	})
	p.answers = func() bool {
		resp, err := http.Get("http://" + p.addr + "/readyz")
		if err != nil {
			return false
		}
		_ = resp.Body.Close()
		return resp.StatusCode == http.StatusOK
	}
	return p
}

func (c *cloud) program(name string, command func(host, port string) *exec.Cmd) *program {
	p := &program{t: c.t, addr: apptest.FreeAddr(c.t), log: filepath.Join(c.dir, name+".log")}
	host, port, _ := net.SplitHostPort(p.addr)
	p.command = func() *exec.Cmd { return command(host, port) }
	p.answers = func() bool {
		conn, err := net.Dial("tcp", p.addr)
		if err == nil {
			_ = conn.Close()
		}
		return err == nil
	}
	return p
}

// programs are the services' processes.
func (c *cloud) programs() []*program { return []*program{c.redis, c.store, c.hub, c.gateway} }

// agentWires are all ways out of the workstation.
func (c *cloud) agentWires() []*wire { return []*wire{c.agentRedis, c.agentStore, c.agentHub} }

// ask runs one command at Redis itself, past every wire.
func (c *cloud) ask(args ...string) string {
	c.t.Helper()
	host, port, _ := net.SplitHostPort(c.redis.addr)
	out, err := exec.Command("redis-cli", append([]string{"-e", "-h", host, "-p", port}, args...)...).Output()
	if err != nil {
		c.t.Fatalf("redis-cli %s: %v", args[0], err)
	}
	return string(out)
}

// bucket is S3 itself, past every wire.
func (c *cloud) bucket() *s3objects.Objects {
	c.t.Helper()
	o, err := s3objects.New(s3objects.Config{Region: faultRegion, Bucket: faultBucket, Endpoint: "http://" + c.store.addr,
		AccessKey: storeAccess, SecretKey: app.Seal(storeSecret), Practice: faultPractice})
	if err != nil {
		c.t.Fatal(err)
	}
	return o
}

// settings are config.toml of a workstation of this cloud.
func (c *cloud) settings(folder string) string {
	return `practice = "` + string(faultPractice) + `"
practice_name = "Kauri Test Practice"
gateway = "http://` + c.phoneGateway.addr() + `"
region = "` + faultRegion + `"
bucket = "` + faultBucket + `"
s3_endpoint = "http://` + c.agentStore.addr() + `"
s3_encrypts = false
ably_endpoint = "http://` + c.agentHub.addr() + `"
folder = "` + folder + `"
`
}

// secrets are what its keyring holds.
func (c *cloud) secrets() map[string]string {
	return map[string]string{
		config.SecretRedis: "redis://" + c.agentRedis.addr() + "/0",
		config.SecretS3Key: storeAccess, config.SecretS3Secret: storeSecret, config.SecretAbly: listenKey,
	}
}
