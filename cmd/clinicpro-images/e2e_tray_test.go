//go:build linux

package main_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/clinicpro-nz/images/app/apptest"
	"github.com/clinicpro-nz/images/ui/text"
)

const (
	secondName  = "Wiremu Testcase"
	secondNHI   = "ZZZ0024"
	secondBirth = "03/04/1975"
)

// TestEndToEndTray works through the menu as a GP would: the icon comes when
// the panel does, its entries do what they say, a new patient never takes
// over an open session, and nothing in the tray tells who the patients are.
func TestEndToEndTray(t *testing.T) {
	t.Parallel()
	d := newDesk(t, true)
	pictures := artefacts(t)
	listen := apptest.FreeAddr(t)
	d.startAgent(listen, "-hidden")
	d.ready()
	p := d.panel() // a panel may come after the agent

	rest := []string{text.SettingsTitle, text.TrayHelp, text.TrayQuit}
	menu := func(open bool, toFile int, paired bool) []string {
		lines := []string{text.TrayNew, text.TrayOpen, text.TrayWaiting(toFile), text.KeepPhone}
		if !open {
			lines[1] = "(" + lines[1] + ")"
		}
		if toFile == 0 {
			lines[2] = "(" + lines[2] + ")"
		}
		if !paired {
			lines[3] = "(" + lines[3] + ")"
		}
		return append(lines, rest...)
	}
	p.shows(20*time.Second, menu(false, 0, false)...)
	p.looks(20*time.Second, "idle", text.Product)
	if open := d.windows(); len(open) > 0 {
		t.Fatalf("started hidden, and %d windows are open", len(open))
	}

	p.click(text.TrayNew)
	d.window()
	d.enter(patientName, patientNHI, patientBirth)
	link := d.scan()
	p.shows(10*time.Second, menu(true, 0, false)...)
	p.looks(10*time.Second, "waiting", text.TrayShown)

	newPocket(t, link).shoot()
	d.waitStates(t, map[string]int{"landed": 1})
	p.shows(20*time.Second, menu(true, 1, true)...)
	p.looks(10*time.Second, "to-file", text.TrayToFile(1))

	// The next patient: the form comes, the first session stays as it is.
	p.click(text.TrayNew)
	d.settle()
	d.screenshot(filepath.Join(pictures, "tray-form.png"))
	d.enter(secondName, secondNHI, secondBirth)
	d.settle()
	d.screenshot(filepath.Join(pictures, "tray-asks.png"))
	d.xdotool("key", "space") // Cancel has the focus
	if n := len(d.sessions()); n != 1 {
		t.Fatalf("%d sessions: the question about unfiled photos was not asked", n)
	}
	p.click(text.TrayOpen)
	d.settle()
	d.screenshot(filepath.Join(pictures, "tray-back.png"))
	p.click(text.TrayNew)
	d.settle()
	d.enter() // what was typed is still there: Enter in the first field
	d.settle()
	d.xdotool("key", "Tab", "space") // Keep and go on
	eventually(t, 20*time.Second, func() bool { return len(d.sessions()) == 2 },
		func() string { return "the second session did not start" })
	if next := d.scan(); next == link {
		t.Fatal("the code on show is the first patient's")
	}
	p.shows(10*time.Second, menu(true, 1, false)...)

	p.click(text.TrayWaiting(1))
	d.settle()
	d.screenshot(filepath.Join(pictures, "tray-waiting.png"))
	d.fileByKey(1)
	d.waitStates(t, map[string]int{"filed": 1})
	if filed := d.filed(); len(filed) != 1 || !strings.HasPrefix(filepath.Base(filed[0]), patientNHI) {
		t.Fatalf("%d files, not one of the first patient's", len(filed))
	}
	p.shows(10*time.Second, menu(true, 0, false)...)

	p.click(text.TrayHelp)
	d.settle()
	d.screenshot(filepath.Join(pictures, "tray-help.png"))
	d.xdotool("key", "space")
	closed := d.process(windowProgram)
	d.xdotool("key", "--clearmodifiers", "alt+F4")
	eventually(t, 10*time.Second, func() bool { return len(d.windows()) == 0 }, func() string { return "the window does not close" })
	p.tap() // at once: the process may still be leaving
	d.reopened(closed)

	// The local cloud stands still: a problem, until it goes on.
	d.signal(cloudProgram, syscall.SIGSTOP)
	p.looks(60*time.Second, "problem", text.TrayWrong)
	d.signal(cloudProgram, syscall.SIGCONT)
	eventually(t, 30*time.Second, func() bool { return p.tooltip(p.object()) != text.TrayWrong },
		func() string { return "the problem is over, and the tray still says so" })

	p.click(text.TrayQuit)
	eventually(t, 20*time.Second, func() bool { return len(d.programs()) == 0 },
		func() string { return strings.Join(d.programs(), ", ") + " still there after Quit" })
	p.canary()
}

// TestEndToEndFocus types into another window while everything happens that
// must not disturb: a photo lands, the window crashes, the agent crashes, the
// cloud stands still. Only an act of the GP brings the window forward.
func TestEndToEndFocus(t *testing.T) {
	t.Parallel()
	d := newDesk(t, true)
	listen := apptest.FreeAddr(t)
	d.startAgent(listen)
	d.window()
	d.settle()
	d.enter(patientName, patientNHI, patientBirth)
	link := d.scan()
	phone := newPocket(t, link)

	log := filepath.Join(d.scratch, "xev.log")
	other := d.command("xev", "-name", "Practice system", "-geometry", "200x80+0+0", "-event", "focus")
	out, err := os.Create(log)
	if err != nil {
		t.Fatal(err)
	}
	other.Stdout = out
	start(t, other, filepath.Join(d.scratch, "xev.err"))
	_ = out.Close()
	eventually(t, 10*time.Second, func() bool { return strings.Contains(d.active(), "Practice system") },
		func() string { return "the other window did not get the focus: " + d.active() })
	undisturbed := func(after string) {
		t.Helper()
		raw, err := os.ReadFile(log)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(raw), "FocusOut") || !strings.Contains(d.active(), "Practice system") {
			d.screenshot(filepath.Join(artefacts(t), "focus-lost.png"))
			t.Fatalf("%s took the focus; it is now in %q", after, d.active())
		}
	}

	phone.shoot()
	d.waitStates(t, map[string]int{"landed": 1})
	d.settle()
	undisturbed("a landing")

	// The window dies in the middle of the review, and comes back.
	before := d.process(windowProgram)
	d.signal(windowProgram, syscall.SIGKILL)
	d.reopened(before)
	undisturbed("a crash of the window")
	d.screenshot(filepath.Join(artefacts(t), "focus-window-back.png"))

	// So does the agent: its window leaves with it, and comes back as it was.
	before = d.process(windowProgram)
	d.killAgent()
	d.reopened(before)
	undisturbed("a crash of the agent")

	d.signal(cloudProgram, syscall.SIGSTOP)
	d.settle()
	d.signal(cloudProgram, syscall.SIGCONT)
	phone.shoot()
	d.waitStates(t, map[string]int{"landed": 2})
	undisturbed("a cloud that stood still")

	d.startAgent(listen) // a second start is an act of the GP's
	eventually(t, 20*time.Second, func() bool { return strings.Contains(d.active(), "ClinicPro Images") },
		func() string { return "a second start does not bring the window forward: " + d.active() })
	d.settle()
	d.screenshot(filepath.Join(artefacts(t), "focus-second-start.png"))
	d.fileByKey(2) // the same session, or nothing would be filed
	d.waitStates(t, map[string]int{"filed": 2})

	// Closed by the GP: a panic of the agent, which SIGQUIT's end is like, does
	// not open it again.
	d.xdotool("key", "--clearmodifiers", "alt+F4")
	eventually(t, 10*time.Second, func() bool {
		_, err := os.Stat(filepath.Join(d.data, "window"))
		return errors.Is(err, os.ErrNotExist) && len(d.windows()) == 0
	}, func() string { return "the window does not close" })
	agent := d.agent()
	if err := syscall.Kill(agent, syscall.SIGQUIT); err != nil {
		t.Fatal(err)
	}
	eventually(t, 20*time.Second, func() bool { return d.agent() != 0 && d.agent() != agent },
		func() string { return "the keeper did not bring the agent back" })
	d.settle()
	if open := d.windows(); len(open) > 0 {
		t.Error("a window that the GP had closed came back after a crash")
	}
}

// TestEndToEndTenStarts starts the program ten times at one moment, as an
// impatient double-click or a logon script does.
func TestEndToEndTenStarts(t *testing.T) {
	t.Parallel()
	d := newDesk(t, false)
	listen := apptest.FreeAddr(t)
	codes := make(chan int, 10)
	for range cap(codes) {
		cmd := d.agentCommand(listen, "-no-window")
		exited := start(t, cmd, filepath.Join(d.scratch, "agent.log"))
		go func() {
			<-exited
			codes <- cmd.ProcessState.ExitCode()
		}()
	}
	for range cap(codes) - 1 {
		select {
		case code := <-codes:
			if code != 3 {
				t.Errorf("one left with %d", code)
			}
		case <-time.After(30 * time.Second):
			t.Fatal("more than one stays")
		}
	}
	d.ready()
	if got := strings.Join(d.programs(), " "); got != "clinicpro-images clinicpro-images clinicpro-localcloud" {
		t.Errorf("running: %s; want one keeper, one agent, one local cloud", got)
	}
	select {
	case code := <-codes:
		t.Errorf("the last left too, with %d", code)
	default:
	}
}
