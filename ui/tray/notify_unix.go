//go:build unix && !darwin

package tray

import (
	"context"
	"os"
	"sync"

	"github.com/godbus/dbus/v5"

	"github.com/clinicpro-nz/images/app"
)

// The desktop's notifications (Desktop Notifications Specification 1.2).
const (
	notifyName = "org.freedesktop.Notifications"
	notifyPath = "/org/freedesktop/Notifications"
)

// Notifier shows one notification at a time: the next takes the place of the
// last. Calls may be concurrent.
type Notifier struct {
	clicked func()

	mu   sync.Mutex
	conn *dbus.Conn // nil until the first is said: an agent that has nothing to say holds none
	id   uint32     // on show; 0: none
}

// NewNotifier returns a Notifier that has said nothing. clicked is called,
// from a goroutine of its own, when the user clicks what was said.
func NewNotifier(clicked func()) *Notifier { return &Notifier{clicked: clicked} }

// Say shows a notification. KindNotFound: nobody shows any here.
func (n *Notifier) Say(ctx context.Context, title, body string) error {
	const op = "show a notification"
	n.mu.Lock()
	defer n.mu.Unlock()
	if err := n.connect(ctx); err != nil {
		return app.E(op, app.KindNotFound, err)
	}
	hints := map[string]dbus.Variant{"desktop-entry": dbus.MakeVariant("nz.co.clinicpro.images"), "urgency": dbus.MakeVariant(byte(1))}
	err := n.conn.Object(notifyName, notifyPath).CallWithContext(ctx, notifyName+".Notify", 0, title, n.id, "nz.co.clinicpro.images",
		title, body, []string{"default", title}, hints, int32(-1)).Store(&n.id)
	if err != nil {
		return app.E(op, app.KindNotFound, err)
	}
	return nil
}

// Withdraw takes back what is on show.
func (n *Notifier) Withdraw(ctx context.Context) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.conn != nil && n.id != 0 {
		n.conn.Object(notifyName, notifyPath).CallWithContext(ctx, notifyName+".CloseNotification", dbus.FlagNoReplyExpected, n.id)
		n.id = 0
	}
}

// connect holds one connection to the session bus and hears the clicks. No bus
// is started for it. n.mu is held.
func (n *Notifier) connect(ctx context.Context) error {
	if n.conn != nil && n.conn.Connected() {
		return nil
	}
	if os.Getenv("DBUS_SESSION_BUS_ADDRESS") == "" {
		return dbus.ErrClosed
	}
	conn, err := dbus.ConnectSessionBus()
	if err != nil {
		return err
	}
	if err := conn.AddMatchSignalContext(ctx, dbus.WithMatchInterface(notifyName), dbus.WithMatchMember("ActionInvoked")); err != nil {
		_ = conn.Close()
		return err
	}
	clicks := make(chan *dbus.Signal, 8)
	conn.Signal(clicks)
	n.conn, n.id = conn, 0
	go n.hear(clicks)
	return nil
}

// hear calls clicked for the notification on show, until the bus goes away.
func (n *Notifier) hear(clicks <-chan *dbus.Signal) {
	for s := range clicks {
		if s.Name != notifyName+".ActionInvoked" || len(s.Body) < 1 {
			continue
		}
		id, ok := s.Body[0].(uint32)
		n.mu.Lock()
		ours := ok && id != 0 && id == n.id
		n.mu.Unlock()
		if ours {
			n.clicked()
		}
	}
}

// Close ends the hearing.
func (n *Notifier) Close() {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.conn != nil {
		_ = n.conn.Close()
		n.conn = nil
	}
}
