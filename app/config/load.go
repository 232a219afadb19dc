package config

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/pelletier/go-toml/v2"

	"github.com/clinicpro-nz/images/app"
)

// Files of the state folder.
const (
	UserFile      = "config.toml"    // what the user, or IT for this user, has written
	EnrolmentFile = "enrolment.toml" // what "clinicproctl enrol apply" has written
)

// layer is one set of settings: TOML, and what a message calls it. A firm one
// is the machine's policy: what it sets, nothing else changes.
type layer struct {
	name string
	text []byte
	firm bool
}

// Load reads the settings of the state folder dir over the machine's policy.
// A layer that is not there is no error. Anything else wrong is KindCorrupt:
// its cause names the layer and the line.
func Load(dir string) (Config, error) {
	policy, err := machinePolicy()
	if err != nil {
		return Default(), app.E("read machine policy", app.KindCorrupt, err)
	}
	return load(policy, dir)
}

func load(policy []layer, dir string) (Config, error) {
	own := make([]layer, 0, 2)
	for _, name := range []string{EnrolmentFile, UserFile} {
		path := filepath.Join(dir, name)
		text, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return Default(), app.E("read settings", app.KindFull, err)
		}
		own = append(own, layer{name: path, text: text})
	}
	return merge(policy, own)
}

// merge lays the policy, the files of the state folder over it, and the firm
// part of the policy over those: once below, so that each file is judged with
// what it stands on, and once above, so that it holds.
func merge(policy, own []layer) (Config, error) {
	c := Default()
	lay := func(l layer) error {
		if err := c.lay(l); err != nil {
			return app.E("read settings", app.KindCorrupt, err)
		}
		return nil
	}
	for _, l := range policy {
		if err := lay(l); err != nil {
			return c, err
		}
	}
	named := c.Practice
	for _, l := range own {
		if err := lay(l); err != nil {
			return c, err
		}
	}
	c.moved = named != "" && named != c.Practice
	seen := c.Desktop.SetUp
	for _, l := range policy {
		if !l.firm {
			continue
		}
		if err := lay(l); err != nil {
			return c, err
		}
		c.byPolicy = append(c.byPolicy, l.names()...)
	}
	c.Desktop.SetUp = c.Desktop.SetUp || seen // gone through, or spared: neither takes back the other
	if c.Desktop.Language == "" {
		c.Desktop.Language = systemLanguage()
	}
	// A policy alone may leave to the enrolment what goes with it.
	if err := c.Record.whole(); len(own) > 0 && err != nil {
		return c, app.E("read settings", app.KindCorrupt, err)
	}
	return c, nil
}

// names are the settings that a layer sets, tables dotted.
func (l layer) names() []string {
	all := map[string]any{}
	if toml.Unmarshal(l.text, &all) != nil { // lay has said so
		return nil
	}
	var out []string
	for name, value := range all {
		table, ok := value.(map[string]any)
		if !ok {
			out = append(out, name)
		}
		for in := range table {
			out = append(out, name+"."+in)
		}
	}
	return out
}

// lay puts one layer over the settings.
func (c *Config) lay(l layer) error {
	dec := toml.NewDecoder(bytes.NewReader(l.text)).DisallowUnknownFields()
	err := dec.Decode(c)
	var strict *toml.StrictMissingError
	var bad *toml.DecodeError
	switch {
	case errors.As(err, &strict) && len(strict.Errors) > 0:
		row, _ := strict.Errors[0].Position()
		err = fmt.Errorf("line %d: unknown setting %q", row, strings.Join(strict.Errors[0].Key(), "."))
	case errors.As(err, &bad):
		row, _ := bad.Position()
		err = fmt.Errorf("line %d: %s", row, strings.TrimPrefix(bad.Error(), "toml: "))
	case err == nil:
		err = c.check()
	}
	if err != nil {
		return fmt.Errorf("%s: %w", l.name, err)
	}
	return nil
}

// check names the first setting that cannot be.
func (c *Config) check() error {
	c.Gateway = strings.TrimRight(c.Gateway, "/")
	if c.Practice != "" {
		if _, err := app.ParsePractice(string(c.Practice)); err != nil {
			return errors.New("practice: want 3 to 40 of a-z, 0-9 and -")
		}
	}
	if c.Gateway != "" && !origin(c.Gateway, "https", "http") {
		return errors.New("gateway: want an origin like https://images.example.nz")
	}
	if c.Proxy != "" && c.Proxy != "none" && !origin(c.Proxy, "http", "https", "socks5") {
		return errors.New("proxy: want http://host:port or socks5://host:port without a password, or none")
	}
	if c.LocalListen != "" && c.LocalListen != LocalNetwork && !oneAddress(c.LocalListen) {
		return errors.New("local_listen: want network, or one address of this computer with a port, like 192.168.1.20:8787")
	}
	if err := c.Record.check(); err != nil {
		return err
	}
	if c.RetentionDays < 1 || c.RetentionDays > 90 {
		return errors.New("retention_days: want 1 to 90")
	}
	if _, err := time.LoadLocation(c.TimeZone); err != nil {
		return errors.New("time_zone: want a name like Pacific/Auckland")
	}
	for _, d := range c.Phone.Require {
		if !d.Known() {
			return fmt.Errorf("phone.require: want any of site, side, view, type, got %q", string(d))
		}
	}
	if !c.UI.known() {
		return errUI
	}
	if c.Phone.Target < 200 || c.Phone.Target > 10_000 {
		return errors.New("phone.target_kb: want 200 to 10000")
	}
	if err := c.Desktop.check(); err != nil {
		return err
	}
	return c.checkFiling()
}

// oneAddress reports whether text is an IP address and a port, and not the
// address that means every network at once.
func oneAddress(text string) bool {
	at, err := netip.ParseAddrPort(text)
	return err == nil && at.Port() != 0 && !at.Addr().IsUnspecified()
}

// origin reports whether text is scheme://host or scheme://host:port and
// nothing else.
func origin(text string, schemes ...string) bool {
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" {
		return false
	}
	for _, s := range schemes {
		if text == s+"://"+u.Host {
			return true
		}
	}
	return false
}
