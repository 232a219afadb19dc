package apptest

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// Root keys of Versitygw's servers.
const (
	RootAccess = "synthetic-root"
	RootSecret = "synthetic-root-secret"
)

// Certificates makes a root certificate of the test's own and a certificate of
// it for loopback and the names given. The three are PEM files.
func Certificates(t testing.TB, names ...string) (cert, key, root string) {
	t.Helper()
	return CertificatesIn(t, t.TempDir(), names...)
}

// CertificatesIn is Certificates in a folder that outlives the test.
func CertificatesIn(t testing.TB, dir string, names ...string) (cert, key, root string) {
	t.Helper()
	write := func(name, kind string, der []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	must := func(err error) {
		if err != nil {
			t.Helper()
			t.Fatal(err)
		}
	}
	rootKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(err)
	authority := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Synthetic practice root"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	rootDER, err := x509.CreateCertificate(rand.Reader, authority, authority, &rootKey.PublicKey, rootKey)
	must(err)
	leafKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(err)
	leaf := &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "localhost"},
		NotBefore: authority.NotBefore, NotAfter: authority.NotAfter, DNSNames: append([]string{"localhost"}, names...),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
	leafDER, err := x509.CreateCertificate(rand.Reader, leaf, authority, &leafKey.PublicKey, rootKey)
	must(err)
	keyDER, err := x509.MarshalPKCS8PrivateKey(leafKey)
	must(err)
	return write("cert.pem", "CERTIFICATE", leafDER), write("key.pem", "PRIVATE KEY", keyDER), write("root.pem", "CERTIFICATE", rootDER)
}

// Versitygw starts versitygw's own program with an IAM service of its own, and
// returns the address of both (host:port). With cert and key both speak TLS.
// They end with the test.
func Versitygw(t testing.TB, cert, key string) (s3, iam string) {
	t.Helper()
	program := os.Getenv("CLINICPRO_VERSITYGW")
	if program == "" {
		program = filepath.Join(t.TempDir(), "versitygw")
		out, err := exec.Command("go", "build", "-o", program, "github.com/versity/versitygw/cmd/versitygw").CombinedOutput()
		if err != nil {
			t.Fatalf("build versitygw: %v\n%s", err, out)
		}
	}
	dir := t.TempDir()
	socket, data, users, side, versions := filepath.Join(dir, "iam.sock"), filepath.Join(dir, "data"), filepath.Join(dir, "users"), filepath.Join(dir, "side"), filepath.Join(dir, "versions")
	for _, d := range []string{data, users, side, versions} {
		if err := os.Mkdir(d, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	s3, iam = FreeAddr(t), FreeAddr(t)
	common := []string{"--access", RootAccess, "--secret", RootSecret, "--region", "ap-southeast-2", "--keep-alive", "--quiet"}
	if cert != "" {
		common = append(common, "--cert", cert, "--key", key)
	}
	with := func(more ...string) []string { return append(append([]string{}, common...), more...) }
	Serve(t, iam, exec.Command(program, with("--port", iam, "iam", "--dir", users, "--private-ports", socket)...))
	Serve(t, s3, exec.Command(program, with("--port", s3, "--iam-standalone-endpoint", socket, "--iam-cache-disable", "posix", "--sidecar", side, "--versioning-dir", versions, data)...))
	return s3, iam
}

// Serve runs a program until the test ends, and returns once addr answers; what
// the program says is shown when it does not.
func Serve(t testing.TB, addr string, cmd *exec.Cmd) {
	t.Helper()
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { _ = cmd.Wait(); close(ended) }()
	t.Cleanup(func() { _ = cmd.Process.Kill(); <-ended })
	for start := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		if conn, err := net.Dial("tcp", addr); err == nil {
			_ = conn.Close()
			return
		}
		select {
		case <-ended:
			t.Fatalf("%s ended: %s", filepath.Base(cmd.Path), said.String())
		default:
		}
		if time.Since(start) > time.Minute {
			t.Fatalf("%s does not answer", filepath.Base(cmd.Path))
		}
	}
}
