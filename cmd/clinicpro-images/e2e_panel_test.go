//go:build linux

package main_test

import (
	"bytes"
	"fmt"
	"image/png"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	"github.com/clinicpro-nz/images/assets/icons"
)

const (
	watcherName = "org.kde.StatusNotifierWatcher"
	itemName    = "org.kde.StatusNotifierItem"
	menuName    = "com.canonical.dbusmenu"
)

// panel is a desktop's notification area, without the desktop: icons register
// with it, and it reads their menus and clicks the entries.
type panel struct {
	t    testing.TB
	conn *dbus.Conn

	mu   sync.Mutex
	icon dbus.BusObject  // the newest one registered
	seen map[string]bool // every word that an icon has said
}

// panel starts watching for icons in the desk's session.
func (d *desk) panel() *panel {
	d.t.Helper()
	address := ""
	for _, e := range d.env {
		if value, ok := strings.CutPrefix(e, "DBUS_SESSION_BUS_ADDRESS="); ok {
			address = value
		}
	}
	conn, err := dbus.Connect(address)
	if err != nil {
		d.t.Fatal(err)
	}
	d.t.Cleanup(func() { _ = conn.Close() })
	p := &panel{t: d.t, conn: conn, seen: map[string]bool{}}
	if err := conn.Export(p, "/StatusNotifierWatcher", watcherName); err != nil {
		d.t.Fatal(err)
	}
	if reply, err := conn.RequestName(watcherName, dbus.NameFlagDoNotQueue); err != nil || reply != dbus.RequestNameReplyPrimaryOwner {
		d.t.Fatalf("the panel's name is taken: %v %v", reply, err)
	}
	return p
}

// RegisterStatusNotifierItem is what an icon calls: with its object's path, or
// with a bus name.
func (p *panel) RegisterStatusNotifierItem(service string, sender dbus.Sender) *dbus.Error {
	name, path := string(sender), dbus.ObjectPath("/StatusNotifierItem")
	if strings.HasPrefix(service, "/") {
		path = dbus.ObjectPath(service)
	} else {
		name = service
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.icon = p.conn.Object(name, path)
	return nil
}

// entry is one line of the icon's menu.
type entry struct {
	id      int32
	label   string
	enabled bool
}

// object is the icon on show, nil when there is none.
func (p *panel) object() dbus.BusObject {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.icon
}

// menu reads the menu as a panel would show it now: no hidden entries, no
// separators; nil while there is no icon.
func (p *panel) menu() []entry {
	icon := p.object()
	if icon == nil {
		return nil
	}
	where, err := icon.GetProperty(itemName + ".Menu")
	if err != nil {
		return nil
	}
	path, _ := where.Value().(dbus.ObjectPath)
	type node struct {
		ID       int32
		Props    map[string]dbus.Variant
		Children []dbus.Variant
	}
	var revision uint32
	var root node
	if err := p.conn.Object(icon.Destination(), path).Call(menuName+".GetLayout", 0, int32(0), int32(-1), []string{}).Store(&revision, &root); err != nil {
		return nil
	}
	var out []entry
	for _, child := range root.Children {
		var n node
		if err := dbus.Store([]any{child.Value()}, &n); err != nil {
			p.t.Fatal(err)
		}
		is := func(prop string, otherwise bool) bool {
			v, ok := n.Props[prop].Value().(bool)
			return v || !ok && otherwise
		}
		label, _ := n.Props["label"].Value().(string)
		p.heard(label)
		if kind, _ := n.Props["type"].Value().(string); kind != "separator" && is("visible", true) {
			out = append(out, entry{n.ID, label, is("enabled", true)})
		}
	}
	return out
}

// shows waits until the menu is exactly these lines; one in brackets is
// greyed out.
func (p *panel) shows(within time.Duration, lines ...string) {
	p.t.Helper()
	var have []string
	eventually(p.t, within, func() bool {
		have = nil
		for _, e := range p.menu() {
			if e.enabled {
				have = append(have, e.label)
			} else {
				have = append(have, "("+e.label+")")
			}
		}
		return slices.Equal(have, lines)
	}, func() string { return fmt.Sprintf("the menu should be %q and is %q", lines, have) })
}

// click clicks the entry with this label as soon as it can be clicked.
func (p *panel) click(label string) {
	p.t.Helper()
	eventually(p.t, 10*time.Second, func() bool {
		for _, e := range p.menu() {
			if e.label == label && e.enabled {
				icon := p.object()
				where, _ := icon.GetProperty(itemName + ".Menu")
				path, _ := where.Value().(dbus.ObjectPath)
				return p.conn.Object(icon.Destination(), path).Call(menuName+".Event", 0,
					e.id, "clicked", dbus.MakeVariant(int32(0)), uint32(0)).Err == nil
			}
		}
		return false
	}, func() string { return fmt.Sprintf("%q cannot be clicked: the menu is %v", label, p.menu()) })
}

// tap clicks the icon itself.
func (p *panel) tap() {
	p.t.Helper()
	if err := p.object().Call(itemName+".Activate", 0, int32(0), int32(0)).Err; err != nil {
		p.t.Fatal(err)
	}
}

// looks waits until the icon is the one of a state, with this tooltip.
func (p *panel) looks(within time.Duration, state, tooltip string) {
	p.t.Helper()
	want := argb(p.t, icons.Tray(state, icons.Any, false))
	var said string
	var same bool
	eventually(p.t, within, func() bool {
		icon := p.object()
		if icon == nil {
			return false
		}
		var pictures []struct {
			W, H int32
			ARGB []byte
		}
		if v, err := icon.GetProperty(itemName + ".IconPixmap"); err != nil || v.Store(&pictures) != nil {
			return false
		}
		same = len(pictures) > 0 && bytes.Equal(pictures[0].ARGB, want)
		said = p.tooltip(icon)
		return same && said == tooltip
	}, func() string {
		return fmt.Sprintf("the icon should be %s's (is: %v), and say %q, not %q", state, same, tooltip, said)
	})
}

func (p *panel) tooltip(icon dbus.BusObject) string {
	for _, prop := range []string{".Title", ".Id"} {
		if v, err := icon.GetProperty(itemName + prop); err == nil {
			p.heard(v.String())
		}
	}
	var tip struct {
		Icon     string
		Pictures []struct {
			W, H int32
			ARGB []byte
		}
		Title, More string
	}
	v, err := icon.GetProperty(itemName + ".ToolTip")
	if err != nil || v.Store(&tip) != nil {
		return ""
	}
	p.heard(tip.Title + tip.More)
	return tip.Title
}

func (p *panel) heard(words string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.seen[words] = true
}

// canary fails when the icon has ever said anything of the patient.
func (p *panel) canary() {
	p.t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.seen) < 5 {
		p.t.Errorf("the panel has read next to nothing: %v", p.seen)
	}
	for words := range p.seen {
		if found := find([]byte(words), nil); len(found) > 0 {
			p.t.Errorf("the tray says %q", found)
		}
	}
}

// argb is a PNG as icons travel on the bus.
func argb(t testing.TB, raw []byte) []byte {
	t.Helper()
	img, err := png.Decode(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	var out []byte
	for y := range img.Bounds().Dy() {
		for x := range img.Bounds().Dx() {
			r, g, b, a := img.At(x, y).RGBA()
			out = append(out, byte(a), byte(r), byte(g), byte(b))
		}
	}
	return out
}
